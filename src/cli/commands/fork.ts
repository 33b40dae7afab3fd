import { existsSync, realpathSync } from 'node:fs'
import { InvalidInputError } from '../../base/index.ts'
import { lastIteration, namedMethod, type RecordedRun, resultAt, settings, variablesOf } from '../../inputs/index.ts'
import { openRunFile } from '../../node/index.ts'
import { createMethod, findMethod } from '../../registry.ts'
import { type AsyncMethod, fork, type Problem, recordRun } from '../../solver/index.ts'
import { recordedRun } from '../recorded-run.ts'
import type { Session } from '../session.ts'
import { present, solve } from '../solve.ts'
import { limits, type RunFlags } from './minimize.ts'

export interface ForkOptions extends RunFlags {
  at?: number
  method?: string
  set?: Record<string, string>
  runFile?: string
}

/** `thalweg fork`: goes on from any iteration of a recorded run into a new run file, with other options or another method. */
export async function forkCommand(session: Session, path: string, options: ForkOptions): Promise<number> {
  const recorded = await recordedRun(path)
  const { header } = recorded.run
  const at = options.at ?? lastIteration(recorded.run)
  const { problem, method: before } = recorded
  const after = forkedMethod(recorded, options)
  const target = targetFile(path, at, options.runFile)
  const { snapshot } = await resultAt(session.signal, recorded, path, at)
  const forked = await fork(problem, snapshot as NonNullable<typeof snapshot>, before, after, options.seed)
  session.say(
    `  Forking ${header.method} at iteration ${at}${
      forked.keepsState ? '.' : `: ${after.name} starts from the best point there, since its state is of another form.`
    }`,
  )
  const file = openRunFile(target)
  try {
    const { seed: _, ...given } = limits(options)
    const result = await solve(session, problem, after, {
      // A tolerance belongs to the measure of the method.
      ...(after.optimality?.measure === before.optimality?.measure && { tolerance: header.tolerance }),
      ...given,
      ...forked.options,
      observers: [recordRun(file.write, { forkedFrom: { file: path, method: header.method, iteration: at } })],
    })
    const code = present(session, problem, after, result, {
      names: variablesOf(problem),
      svg: options.svg,
      plot: options.plot,
    })
    session.say(`  Run written to ${target}`)
    return code
  } finally {
    file.close()
  }
}

/** The method of the run with the options of `--set` over its own, or the one of `--method`. */
function forkedMethod({ run, problem }: RecordedRun, { method, set = {} }: ForkOptions): AsyncMethod<Problem> {
  const { header } = run
  if (method !== undefined && method !== header.method) return namedMethod(method, set, problem)
  const { description } = findMethod(header.method)
  return createMethod(header.method, { ...header.options, ...settings(set, description.options) })
}

/** Where the fork goes; never over a file that nobody named, and never over the run that it comes from. */
function targetFile(path: string, at: number, given: string | undefined): string {
  const target = given ?? `${path.replace(/\.jsonl?$/, '')}.fork-${at}.jsonl`
  if (given === undefined && existsSync(target)) {
    throw new InvalidInputError(`${target} exists; name another file with --run-file`, {
      argument: '--run-file',
      expected: 'a new file',
      received: target,
    })
  }
  if (existsSync(target) && realpathSync(target) === realpathSync(path)) {
    throw new InvalidInputError(
      '--run-file: a fork goes into a file of its own; thalweg resume goes on in the same one',
      {
        argument: '--run-file',
        expected: 'another file than the run that is forked',
        received: target,
      },
    )
  }
  return target
}
