import type { ExampleCode } from '../../experiments/example-problems/example-problem.ts'
import type { PageEntry } from '../catalogue/catalogue.ts'
import type { Contestant, RunRequest } from '../worker/protocol.ts'

/** A plain value as TypeScript. */
function expression(value: unknown): string {
  if (typeof value === 'string') return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  if (Array.isArray(value)) return `[${value.map(expression).join(', ')}]`
  return String(value)
}

/** An object as TypeScript; empty if there is nothing in it. */
function objectOf(values: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(values)
  return entries.length === 0 ? '' : `{ ${entries.map(([name, value]) => `${name}: ${expression(value)}`).join(', ')} }`
}

/**
 * The program that does the same as a run in the page, from the public interface of the package: same problem, same options,
 * same seed, same numbers.
 *
 * @param problem the code that makes the problem
 */
export function programOf({ problems }: PageEntry, request: RunRequest, problem: ExampleCode): string {
  const imports = new Map<string, Set<string>>()
  const need = (module: string, name: string): void => {
    if (!imports.has(module)) imports.set(module, new Set())
    imports.get(module)?.add(name)
  }
  for (const [module, names] of Object.entries(problem.imports)) for (const name of names) need(module, name)
  const methodCall = ({ method, options }: Contestant): string => {
    const entry = problems?.methods.find(({ slug }) => slug === method)
    if (entry === undefined) throw new Error(`no method '${method}' for this class of problems`)
    need(`thalweg/${entry.room}`, entry.exportName)
    return `${entry.exportName}(${objectOf(options)})`
  }
  const { contestants, seed, maxIterations, tolerance, start } = request
  const limits = objectOf({
    seed,
    maxIterations,
    ...(tolerance !== undefined && { tolerance }),
  }).slice(2, -2)
  const startText = start === undefined ? '' : `, start: Float64Array.of(${start.join(', ')})`
  const options = `{ ${limits}${startText} }`
  const calls = contestants.map(methodCall)
  const waits = contestants.some(({ method }) => problems?.methods.find(({ slug }) => slug === method)?.waits)
  need('thalweg/solver', waits ? 'runAsync' : 'run')
  const call = waits ? 'await runAsync' : 'run'
  const solve =
    calls.length === 1
      ? `const result = ${call}(problem, ${calls[0]}, ${options})

console.log(result.message)
console.log(result.objective, result.x)`
      : `const limits = ${options}
const results = [
${calls.map((text) => `  ${call}(problem, ${text}, limits),`).join('\n')}
]

for (const { method, message, objective } of results) console.log(method, objective, message)`
  const importLines = [...imports]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([module, names]) => `import { ${[...names].sort().join(', ')} } from '${module}'`)
  return `${importLines.join('\n')}\n\n${problem.statements}\n\n${solve}\n`
}
