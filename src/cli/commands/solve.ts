import { basename } from 'node:path'
import { OptionError } from '../../base/index.ts'
import { chartToSvg, formatNumber } from '../../drawing/index.ts'
import { namedMethod } from '../../inputs/index.ts'
import {
  type MipEngine,
  type MipSolution,
  type MixedIntegerProgram,
  mipSolution,
  modelFormat,
  readModel,
  readSolution,
  type SearchProgress,
  signOf,
  writeModel,
  writeSolution,
} from '../../mip/index.ts'
import { readTextFile, writeFileAtomically } from '../../node/index.ts'
import { findMethod } from '../../registry.ts'
import { type AsyncMethod, type Iterate, type Result, runAsync } from '../../solver/index.ts'
import { engineNamed } from '../engines.ts'
import { formatGap, MipProgress } from '../mip-progress.ts'
import { type CommonOptions, exitCodes, type Session } from '../session.ts'

export interface SolveOptions extends CommonOptions {
  method?: string
  set?: Record<string, string>
  engine?: string
  gap?: number
  maxNodes?: number
  maxIterations?: number
  start?: string
  solution?: string
  write?: string
  svg?: string
  plot?: boolean
}

const DEFAULT_GAP = 1e-4

/** Seconds for a method that improves for as long as it is let, where no limit is given. */
const DEFAULT_SECONDS = 60

/** Values that are listed for people. */
const LISTED = 20

type MipMethod = AsyncMethod<MixedIntegerProgram>

/** The method that the flags name, told where to report to. */
function methodFrom(
  program: MixedIntegerProgram,
  options: SolveOptions,
  engine: MipEngine | undefined,
  onProgress: (progress: SearchProgress) => void,
): MipMethod {
  const slug = options.method ?? 'highs'
  const named = namedMethod(slug, options.set, program)
  const { description } = findMethod(slug)
  const wanted = {
    engine,
    maxNodes: options.maxNodes,
    ...(slug === 'highs' && { engineSeed: options.seed }),
    ...('onProgress' in description.options && { onProgress }),
  }
  for (const [name, value] of Object.entries(wanted)) {
    if (value === undefined || name in description.options) continue
    throw new OptionError(`--${name === 'maxNodes' ? 'max-nodes' : name} cannot be used with --method ${slug}`, {
      argument: name,
      expected: Object.keys(description.options).join(', '),
      received: slug,
    })
  }
  const given = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined))
  const factory = findMethod(slug) as unknown as (options: object) => MipMethod
  return factory({ ...named.options, ...given })
}

/** The names of Balans' arms, which its measures number; looked up once. */
function armNames(): (iterate: Iterate<Float64Array>) => string | undefined {
  let names: readonly string[] = []
  return (iterate) => {
    const { arm } = iterate.measures
    if (!(arm >= 0)) return undefined
    if (names.length === 0) names = (iterate.snapshot().state as { arms?: string[] }).arms ?? []
    return names[arm]
  }
}

/** `thalweg solve`: a mixed-integer program from an MPS or LP file. */
export async function solveCommand(session: Session, path: string, options: SolveOptions): Promise<number> {
  const engine = await engineNamed(options.engine)
  const format = modelFormat(path)
  const writtenFormat = options.write === undefined ? undefined : modelFormat(options.write)
  const program = readModel(readTextFile(path), format, basename(path))
  const tolerance = options.gap ?? options.tolerance ?? DEFAULT_GAP
  const sign = signOf(program)
  const unlimited = options.maxSeconds === undefined && options.maxIterations === undefined
  const maxSeconds =
    unlimited && options.method !== undefined && options.method !== 'highs' ? DEFAULT_SECONDS : options.maxSeconds
  const progress = new MipProgress(session, sign, tolerance, maxSeconds)
  const method = methodFrom(program, options, engine, ({ elapsedMs, objective, bound }) =>
    progress.take({ seconds: elapsedMs / 1000, objective, bound }),
  )
  if (options.write !== undefined) writeFileAtomically(options.write, writeModel(program, writtenFormat!))
  const start =
    options.start === undefined
      ? undefined
      : readSolution(program, readTextFile(options.start), basename(options.start))
  const nameOf = armNames()
  let run: Result<Float64Array>
  try {
    run = await runAsync(program, method, {
      tolerance,
      maxSeconds,
      maxIterations: options.maxIterations,
      seed: options.seed,
      signal: session.signal,
      ...(start !== undefined && { start }),
      onIteration(iterate) {
        const { objective, bound } = iterate.measures
        if (iterate.iteration === 0) return
        progress.take({
          seconds: iterate.elapsedMs / 1000,
          objective: Number.isNaN(objective) ? null : sign * objective,
          bound: sign * bound,
          arm: nameOf(iterate),
        })
      },
    })
  } finally {
    session.progress.stop()
  }
  return present(session, program, mipSolution(program, run), progress, options)
}

function present(
  session: Session,
  program: MixedIntegerProgram,
  solution: MipSolution,
  progress: MipProgress,
  options: SolveOptions,
): number {
  const { status, feasible, objective, bound, gap, variables, seconds, message, nodes, run, infeasibleSubsystem } =
    solution
  const code = solution.converged ? exitCodes.solved : exitCodes.notConverged
  const written = options.solution !== undefined && feasible
  if (written) writeFileAtomically(options.solution!, writeSolution(program, run.x, objective))
  const chart = progress.chart(`${run.method} on ${program.name}`, { seconds, objective, bound })
  if (options.svg !== undefined) writeFileAtomically(options.svg, chartToSvg(chart))
  session.answer({
    status,
    objective,
    bound,
    gap,
    variables,
    seconds,
    message,
    method: run.method,
    nodes,
    ...(solution.duals && { duals: solution.duals, reducedCosts: solution.reducedCosts }),
    ...(infeasibleSubsystem && { infeasibleSubsystem }),
  })
  if (session.json) return code

  const integers = program.types.filter((type) => type.endsWith('integer')).length
  session.say()
  session.paragraph(message, solution.converged ? 'green' : 'yellow')
  session.say()
  session.say(
    `  model       ${program.columnNames.length} columns (${integers} integer), ${program.rowNames.length} rows, ${program.matrix.values.length} entries`,
  )
  if (feasible) session.say(`  objective   ${formatNumber(objective, 12)} (${program.sense}d; checked at the point)`)
  if (Number.isFinite(bound)) session.say(`  bound       ${formatNumber(bound, 12)}`)
  if (gap < Infinity) session.say(`  gap         ${formatGap(gap)}`)
  session.say(`  method      ${run.method}, ${nodes} node${nodes === 1 ? '' : 's'}, ${formatNumber(seconds, 3)} s`)
  if (feasible) listValues(session, variables)
  if (infeasibleSubsystem) {
    const { rows, columns } = infeasibleSubsystem
    session.say()
    session.say('  These cannot hold together, and can without any one of them:')
    for (const { name, bound: side } of [...rows, ...columns].slice(0, LISTED))
      session.say(`    ${name} (${side} bound)`)
    const more = rows.length + columns.length - LISTED
    if (more > 0) session.say(`    and ${more} more; --json lists all`)
  }
  session.say()
  if ((options.plot ?? true) && progress.moved) session.chart(chart, { height: 12 })
  if (written) session.say(`  Solution written to ${options.solution}`)
  else if (options.solution !== undefined) session.say('  No solution to write')
  if (options.write !== undefined) session.say(`  Model written to ${options.write}`)
  if (options.svg !== undefined) session.say(`  Plot written to ${options.svg}`)
  return code
}

function listValues(session: Session, variables: Readonly<Record<string, number>>): void {
  const entries = Object.entries(variables).filter(([, value]) => value !== 0)
  const shown = entries.slice(0, LISTED).map(([name, value]) => `${name} = ${formatNumber(value, 10)}`)
  const rest = entries.length > LISTED ? `, ... (${entries.length} are not 0; --json or --solution lists all)` : ''
  session.paragraph(entries.length === 0 ? 'All variables are 0.' : `${shown.join(', ')}${rest}`, undefined, 2)
}
