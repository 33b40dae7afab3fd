import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import { beforeAll, describe, expect, it } from 'vitest'
import type { PageEntry } from '../../workbench/catalogue/catalogue.ts'
import { galleryEntries, pageEntry } from '../../workbench/catalogue/describe-library.ts'
import { programOf } from '../../workbench/method/program.ts'
import { defaultSettings, requestOf, type Settings } from '../../workbench/method/settings.ts'
import type { Ending, FromRunWorker } from '../../workbench/worker/protocol.ts'
import { problemCode, RunSession } from '../../workbench/worker/run-session.ts'

const root = resolve(import.meta.dirname, '..', '..')
const rooms = readdirSync(join(root, 'src'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

let pages: PageEntry[] = []
beforeAll(async () => {
  const all = await Promise.all(galleryEntries().map((entry) => pageEntry(entry, new Map())))
  pages = all.filter(({ method, problems }) => method !== null && problems !== null)
})

function programFor(page: PageEntry, change: Partial<Settings> = {}): string {
  const request = requestOf(page, { ...defaultSettings(page), maxIterations: 30, ...change })
  return programOf(page, request, problemCode(request))
}

/** One program for each method, and one for each example with other values than the defaults. */
function programs(): Map<string, string> {
  const out = new Map<string, string>()
  const examples = new Set<string>()
  for (const page of pages) {
    out.set(page.entry.slug, programFor(page))
    for (const { slug, controls } of page.problems?.examples ?? []) {
      const name = `${page.problems?.name}-${slug}`
      if (examples.has(name)) continue
      examples.add(name)
      const parameters = Object.fromEntries(
        controls.filter(({ type }) => type === 'boolean').map((control) => [control.name, true]),
      )
      out.set(name, programFor(page, { problem: slug, parameters, baselines: [], start: [0.5, 0.25] }))
    }
  }
  return out
}

describe('the program that a page shows', () => {
  it('compiles under strict, for every method and every example', () => {
    const files = new Map([...programs()].map(([name, text]) => [join(root, '.tmp', 'programs', `${name}.ts`), text]))
    const options: ts.CompilerOptions = {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
      types: ['node'],
      strict: true,
      skipLibCheck: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      paths: Object.fromEntries(rooms.map((room) => [`thalweg/${room}`, [join(root, 'src', room, 'index.ts')]])),
    }
    const host = ts.createCompilerHost(options)
    const { getSourceFile, fileExists, readFile } = host
    host.fileExists = (path) => files.has(path) || fileExists(path)
    host.readFile = (path) => files.get(path) ?? readFile(path)
    host.getSourceFile = (path, ...rest) => {
      const text = files.get(path)
      return text === undefined ? getSourceFile(path, ...rest) : ts.createSourceFile(path, text, ts.ScriptTarget.ES2022)
    }
    const program = ts.createProgram([...files.keys()], options, host)
    const problems = [...files.keys()].flatMap((path) => {
      const source = program.getSourceFile(path)
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
        ({ messageText, start = 0 }) =>
          `${path.split('/').at(-1)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')} at ${files.get(path)?.slice(start, start + 60)}`,
      )
    })
    expect(problems).toEqual([])
  })

  it('gives the numbers that the page gives', async () => {
    for (const page of pages) {
      const { slug } = page.entry
      // An iteration of a neighbourhood search is a solve.
      const maxIterations = page.method?.problemClass === 'mixed-integer' ? 6 : 30
      const request = requestOf(page, { ...defaultSettings(page), maxIterations })
      const messages: FromRunWorker[] = []
      await new RunSession(1, request, false, (message) => messages.push(message)).run()
      const endings = messages.flatMap((message): Ending[] => (message.type === 'ended' ? [message.ending] : []))
      const printed = await execute(programOf(page, request, problemCode(request)))
      for (const { contestant, objective, message } of endings) {
        const name = request.contestants[contestant].method
        const line = request.contestants.length === 1 ? printed[1] : printed[contestant]
        expect(line.includes(objective), `${slug}: ${name} printed ${line.map(String)}, expected ${objective}`).toBe(
          true,
        )
        expect(printed.flat(), slug).toContain(message)
      }
    }
  })
})

const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor as new (
  ...names: string[]
) => (load: (room: string) => Promise<unknown>, console: unknown) => Promise<void>

/** Runs a program against the sources. @returns what it printed, one list for each line */
async function execute(program: string): Promise<unknown[][]> {
  const { outputText } = ts.transpileModule(program, { compilerOptions: { target: ts.ScriptTarget.ES2022 } })
  const body = outputText.replace(
    /import \{([^}]*)\} from 'thalweg\/([\w-]+)';?/g,
    (_, names: string, room: string) => `const {${names}} = await load('${room}')`,
  )
  const lines: unknown[][] = []
  const load = (room: string): Promise<unknown> => import(`../../src/${room}/index.ts`)
  await new AsyncFunction('load', 'console', body)(load, { log: (...parts: unknown[]) => lines.push(parts) })
  return lines
}
