import { basename } from 'node:path'
import {
  builtSlugs,
  type Chart,
  type Experiment,
  findPaper,
  loadExperiment,
  type Report,
  type Table,
} from '../../../experiments/index.ts'
import { checked, InvalidInputError, OptionError } from '../../base/index.ts'
import { chartsToSvg } from '../../drawing/index.ts'
import { settings } from '../../inputs/index.ts'
import { writeFileAtomically } from '../../node/index.ts'
import { methods } from '../../registry.ts'
import { type Reproduction, writeEvidence } from '../evidence.ts'
import { type CommonOptions, exitCodes, type Session } from '../session.ts'

export interface ReproduceOptions extends CommonOptions {
  all?: boolean
  quick?: boolean
  strict?: boolean
  set?: Record<string, string>
  svg?: string
  plot?: boolean
  output?: string
}

/** Longer timers fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** `thalweg reproduce`: re-runs the claims of one paper, or of all. */
export async function reproduceCommand(
  session: Session,
  slug: string | undefined,
  options: ReproduceOptions,
): Promise<number> {
  if ((slug === undefined) === !options.all) {
    const built = builtSlugs()
    throw new InvalidInputError(
      slug === undefined
        ? `say which paper, or --all; built so far: ${built.join(', ') || 'none'}`
        : 'name one paper or say --all, not both',
      { argument: 'slug', expected: built.join(', '), received: slug ?? 'nothing' },
    )
  }
  if (slug !== undefined) {
    if (options.output !== undefined)
      throw new OptionError('--output goes together with --all', { argument: '--output' })
    refuseEverydayMethod(slug)
    const reproduction = await reproduce(session, await loadExperiment(slug), options)
    session.answer(jsonOf(reproduction))
    presentReproduction(session, reproduction, options)
    return exitCode(session, [reproduction], options)
  }

  if (options.set !== undefined) throw new OptionError('--set is for one paper at a time', { argument: '--set' })
  if (options.svg !== undefined) {
    throw new OptionError('--svg is for one paper; --all writes its charts beside --output', { argument: '--svg' })
  }
  const done: Reproduction[] = []
  for (const next of builtSlugs()) {
    if (session.signal.aborted) break
    session.say(`  ${next}`)
    done.push(await reproduce(session, await loadExperiment(next), options))
  }
  const path = options.output ?? 'docs/evidence.md'
  const complete = done.every((reproduction) => reproduction.complete) && !session.signal.aborted
  if (complete) {
    const files = writeEvidence(path, done, options.quick ?? false)
    session.say(`  Written: ${files.join(', ')}`)
  } else session.note(`interrupted: ${path} is left as it was`)
  session.answer(done.map(jsonOf))
  return exitCode(session, done, options)
}

const jsonOf = ({ method, seed, seconds, claims }: Reproduction): object => ({ method, seed, seconds, claims })

function exitCode(session: Session, all: readonly Reproduction[], { strict }: ReproduceOptions): number {
  if (session.signal.aborted || all.some(({ complete }) => !complete)) return exitCodes.notConverged
  const failed = all.some(({ claims }) => claims.some((claim) => !claim.holds))
  return strict && failed ? exitCodes.notConverged : exitCodes.solved
}

/** An everyday method has no claims; saying so is better than naming the nearest paper. */
function refuseEverydayMethod(slug: string): void {
  const method = methods.find(({ description }) => description.slug === slug)
  if (method === undefined || builtSlugs().includes(slug)) return
  const isPaper = (() => {
    try {
      return findPaper(slug) !== undefined
    } catch {
      return false
    }
  })()
  if (isPaper) return
  throw new InvalidInputError(
    `'${slug}' is a method without a paper of its own to reproduce; built so far: ${builtSlugs().join(', ') || 'none'}`,
    { argument: 'slug', expected: builtSlugs().join(', '), received: slug },
  )
}

async function reproduce(session: Session, experiment: Experiment, options: ReproduceOptions): Promise<Reproduction> {
  const { slug, parameters: specs } = experiment
  const given = settings(options.set ?? {}, specs)
  if (options.tolerance !== undefined) {
    if ('tolerance' in specs) given.tolerance = options.tolerance
    else session.note(`the experiment of ${slug} has no parameter 'tolerance'; --tolerance is not used`)
  }
  const values = checked(`reproduce ${slug}`, { ...(options.quick ? experiment.quick : {}), ...given }, specs)
  const seed = options.seed ?? 0

  const charts: Chart[] = []
  const tables: Table[] = []
  const timeout = new AbortController()
  const timer =
    options.maxSeconds === undefined
      ? undefined
      : setTimeout(() => timeout.abort(), Math.min(LONGEST_TIMER_MS, 1000 * options.maxSeconds))
  const report: Report = {
    progress: (fraction, doing) => session.progress.update(fraction, doing),
    chart: (chart) => charts.push(chart),
    table: (table) => tables.push(table),
    signal: AbortSignal.any([session.signal, timeout.signal]),
  }
  const began = performance.now()
  try {
    const claims = await experiment.run(values as never, report, seed).catch((error: unknown) => {
      if (report.signal.aborted) return []
      throw error
    })
    const seconds = (performance.now() - began) / 1000
    const complete = !report.signal.aborted
    if (!complete) session.note(`${slug} was cut short, so nothing is said about its claims`)
    // What an experiment concludes from half a measurement is not a finding.
    return { method: slug, seed, seconds, claims: complete ? claims : [], charts, tables, complete }
  } finally {
    clearTimeout(timer)
    session.progress.stop()
  }
}

function presentReproduction(session: Session, reproduction: Reproduction, options: ReproduceOptions): void {
  const { method, charts, tables, claims, seconds, complete } = reproduction
  if (options.svg !== undefined && charts.length > 0) writeFileAtomically(options.svg, chartsToSvg(charts))
  if (session.json) return
  const paper = findPaper(method)
  session.say()
  session.heading(`  ${paper.title}`)
  session.say(`  ${paper.authors}, ${paper.venue} ${paper.year}, arXiv:${paper.arxiv}`)
  session.say()
  for (const table of tables) session.table(table)
  if (options.plot !== false) for (const chart of charts) session.chart(chart)
  if (!complete) return
  session.heading('  Claims')
  session.say()
  for (const claim of claims) {
    session.say(
      `  ${claim.holds ? session.colour('green', 'holds') : session.colour('red', 'DOES NOT HOLD')}  ${claim.id}`,
    )
    session.paragraph(claim.statement, undefined, 6)
    session.paragraph(`Paper: ${claim.paper}. Measured: ${claim.measured}. Holds if ${claim.threshold}.`, 'gray', 6)
    if (claim.note) session.paragraph(claim.note, 'gray', 6)
  }
  const holding = claims.filter((claim) => claim.holds).length
  session.say()
  session.say(`  ${holding} of ${claims.length} claims hold; ${seconds.toFixed(1)} s.`)
  if (options.svg !== undefined) session.say(`  Charts written to ${basename(options.svg)}`)
}
