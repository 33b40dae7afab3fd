import { chartsToSvg, formatNumber } from '../drawing/index.ts'
import { convergenceChart } from '../inputs/index.ts'
import { writeFileAtomically } from '../node/index.ts'
import {
  type AsyncMethod,
  type Iterate,
  type Problem,
  progressLines,
  type Result,
  type RunOptions,
  resultLines,
  runAsync,
} from '../solver/index.ts'
import { exitCodes, type Session } from './session.ts'

/** What a solving command prints about its result, beyond what every result has. */
export interface Presentation {
  /** Names of the entries of x. */
  readonly names?: readonly string[]
  /** Why this method was chosen, if it was not asked for. */
  readonly why?: string
  readonly svg?: string
  readonly plot?: boolean
}

/** What the fraction of work done is guessed from. */
export interface Watched {
  /** The measure that has to fall below the tolerance. */
  readonly measure: string
  readonly tolerance: number
  readonly maxIterations: number
  readonly maxSeconds?: number
}

/** Shows iterates on the progress bar of the session. */
export function showProgress(
  session: Session,
  { measure, tolerance, maxIterations, maxSeconds }: Watched,
): (iterate: Iterate) => void {
  let first = NaN
  let done = 0
  return ({ iteration, elapsedMs, measures }) => {
    const residual = measures[measure]
    if (!(first > 0 && first < Infinity)) first = residual
    const parts = [
      iteration / maxIterations,
      maxSeconds === undefined ? 0 : elapsedMs / (1000 * maxSeconds),
      residual > 0 && tolerance > 0 && first > tolerance ? Math.log(first / residual) / Math.log(first / tolerance) : 0,
    ].filter(Number.isFinite)
    done = Math.max(done, ...parts)
    session.progress.update(
      done,
      `iteration ${iteration}, objective ${formatNumber(measures.objective, 4)}${Number.isFinite(residual) ? `, ${measure} ${formatNumber(residual, 2)}` : ''}`,
    )
  }
}

/** Runs a method with the progress bar and Ctrl-C of the session. */
export async function solve<P extends Problem>(
  session: Session,
  problem: P,
  method: AsyncMethod<P>,
  options: RunOptions,
): Promise<Result<unknown>> {
  const { maxSeconds } = options
  const onIteration = showProgress(session, {
    measure: method.optimality?.measure ?? problem.class.optimality,
    tolerance: options.tolerance ?? problem.class.defaults.tolerance,
    maxIterations: options.maxIterations ?? problem.class.defaults.maxIterations,
    ...(maxSeconds !== undefined && { maxSeconds }),
  })
  try {
    return await runAsync(problem, method as AsyncMethod<Problem>, {
      ...options,
      ...(session.verbose && { observers: [...(options.observers ?? []), progressLines(session.verbose)] }),
      signal: session.signal,
      onIteration,
    })
  } finally {
    session.progress.stop()
  }
}

/** Prints a result, as JSON or for people, and returns the exit code. */
export function present(
  session: Session,
  problem: Problem,
  method: AsyncMethod<Problem>,
  result: Result<unknown>,
  { names, why, svg, plot = true }: Presentation,
): number {
  const { status, x, objective, certificate, iterations, evaluations, message, seed, elapsedMs } = result
  const measure = method.optimality?.measure ?? problem.class.optimality
  const chart = convergenceChart(result.trace, measure, `${result.method} on ${problem.name ?? 'the problem'}`)
  if (svg !== undefined) writeFileAtomically(svg, chartsToSvg([chart]))

  session.answer({
    status,
    x,
    objective,
    certificate,
    iterations,
    evaluations,
    method: result.method,
    message,
    ...(names && { variables: names }),
    seed,
    elapsedMs,
  })
  if (session.json) return result.converged ? exitCodes.solved : exitCodes.notConverged
  session.say()
  session.paragraph(message, result.converged ? 'green' : 'yellow')
  session.say()
  const lines = resultLines(result, names && { names })
  const widest = Math.max(...lines.map(([label]) => label.length))
  for (const [label, text] of lines) session.say(`  ${label.padEnd(widest)} ${text}`)
  if (why !== undefined) session.say(`  ${' '.repeat(widest)} (since ${why})`)
  session.say()
  if (plot && (result.trace.columns.iteration?.length ?? 0) > 2) session.chart(chart, { height: 12 })
  if (svg !== undefined) session.say(`  Plot written to ${svg}`)
  return result.converged ? exitCodes.solved : exitCodes.notConverged
}
