import { InvalidInputError } from '../base/index.ts'
import { type AsyncMethod, type Problem, type Result, type RunFile, runAsync } from '../solver/index.ts'

/** A run file with what it needs to be computed on. */
export interface RecordedRun {
  readonly run: RunFile
  readonly problem: Problem
  readonly method: AsyncMethod<Problem>
}

/** The last iteration that the file knows of. */
export function lastIteration({ rows, snapshots }: RunFile): number {
  return Math.max(0, rows.at(-1)?.iteration ?? 0, snapshots.at(-1)?.iteration ?? 0)
}

/** @throws {InvalidInputError} if the run has no iteration `k` */
export function checkIteration(run: RunFile, path: string, k: number): void {
  const last = lastIteration(run)
  if (k <= last) return
  throw new InvalidInputError(`--at ${k}: ${path} has the iterations 0 to ${last}`, {
    argument: '--at',
    expected: `an iteration in [0, ${last}]`,
    received: String(k),
  })
}

/**
 * The run at iteration `k`: computed again, to the same bits, from the last snapshot before it. Nothing is written.
 *
 * @returns the result of a run that ended there, with the certificate measured there and the snapshot
 * @throws {InvalidInputError} if the run has no such iteration, or no snapshot up to it
 */
export async function resultAt(
  signal: AbortSignal,
  { run, problem, method }: RecordedRun,
  path: string,
  k: number,
): Promise<Result<unknown>> {
  checkIteration(run, path, k)
  const snapshot = run.snapshots.findLast(({ iteration }) => iteration <= k)
  if (snapshot === undefined) {
    const first = run.snapshots[0]?.iteration
    throw new InvalidInputError(
      first === undefined
        ? `${path}: the run has no snapshot`
        : `--at ${k}: the first snapshot of ${path} is at ${first}`,
      {
        argument: '--at',
        expected: first === undefined ? 'a run with a snapshot' : `>= ${first}`,
        received: String(k),
      },
    )
  }
  const result = await runAsync(problem, method, {
    resume: snapshot,
    tolerance: 0,
    maxIterations: k,
    traceEvery: 0,
    signal,
  })
  if (result.iterations === k && result.snapshot !== null) return result
  throw new InvalidInputError(
    signal.aborted
      ? `stopped on the way from iteration ${snapshot.iteration} to ${k}`
      : `${path}: iteration ${k} cannot be reached again from the snapshot at ${snapshot.iteration}; has the problem changed?`,
    { argument: '--at', expected: `the iteration ${k}`, received: String(result.iterations) },
  )
}
