import { type MethodFlags, methodFrom, type ProblemFlags, variablesOf } from '../../inputs/index.ts'
import { openRunFile } from '../../node/index.ts'
import { DIFFERENCES_TOLERANCE } from '../../smooth/index.ts'
import type { Problem, RunOptions, SmoothProblem } from '../../solver/index.ts'
import { recordRun } from '../../solver/index.ts'
import { problemFrom } from '../problems.ts'
import type { CommonOptions, Session } from '../session.ts'
import { present, solve } from '../solve.ts'

/** The flags of `minimize` and, but for those about the problem, of `resume`. */
export interface RunFlags extends CommonOptions {
  maxIterations?: number
  maxEvaluations?: number
  svg?: string
  plot?: boolean
}

export interface MinimizeOptions extends RunFlags, ProblemFlags, Omit<MethodFlags, 'maxEvaluations'> {
  runFile?: string
}

/** The limits that the flags set. */
export function limits(options: RunFlags): RunOptions {
  const { seed, tolerance, maxIterations, maxSeconds, maxEvaluations } = options
  return {
    ...(seed !== undefined && { seed }),
    ...(tolerance !== undefined && { tolerance }),
    ...(maxIterations !== undefined && { maxIterations }),
    ...(maxSeconds !== undefined && { maxSeconds }),
    ...(maxEvaluations !== undefined && { maxEvaluations }),
  }
}

/** Whether gradients can only come from differences, which cannot meet the usual tolerance. */
function valuesOnly(problem: Problem): boolean {
  const { gradient, valueAndGradient } = problem as SmoothProblem
  return problem.class.name === 'smooth' && gradient === undefined && valueAndGradient === undefined
}

/** `thalweg minimize`: an expression or a module. */
export async function minimizeCommand(session: Session, what: string, options: MinimizeOptions): Promise<number> {
  const problem = await problemFrom(what, options)
  const { method, why } = methodFrom(problem, options)
  const file = options.runFile === undefined ? undefined : openRunFile(options.runFile)
  try {
    const result = await solve(session, problem, method, {
      ...(valuesOnly(problem) && { tolerance: DIFFERENCES_TOLERANCE }),
      ...limits(options),
      ...(file && { observers: [recordRun(file.write)] }),
    })
    const code = present(session, problem, method, result, {
      names: variablesOf(problem),
      why,
      svg: options.svg,
      plot: options.plot,
    })
    if (file) session.say(`  Run written to ${options.runFile}`)
    return code
  } finally {
    file?.close()
  }
}
