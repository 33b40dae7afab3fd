import { variablesOf } from '../../inputs/index.ts'
import { continueRunFile, readRunFileFrom } from '../../node/index.ts'
import { createMethod } from '../../registry.ts'
import { recordRun } from '../../solver/index.ts'
import { problemFromRunFile } from '../problems.ts'
import { exitCodes, type Session } from '../session.ts'
import { present, solve } from '../solve.ts'
import { limits, type RunFlags } from './minimize.ts'

/** `thalweg resume`: goes on with a run where its file ends. */
export async function resumeCommand(session: Session, path: string, options: RunFlags): Promise<number> {
  const { header, end } = readRunFileFrom(path)
  const problem = await problemFromRunFile(header.problem.recipe, path)
  const method = createMethod(header.method, header.options)
  if (end?.status === 'converged' && options.tolerance === undefined) {
    session.answer({
      status: end.status,
      x: end.x,
      objective: end.objective,
      certificate: end.certificate,
      iterations: end.iterations,
      evaluations: end.evaluations,
      method: header.method,
      message: end.message,
    })
    session.say(`  This run is finished: ${end.message}`)
    session.say('  To go on all the same, give a smaller --tolerance.')
    return exitCodes.solved
  }
  const { snapshot, writer } = continueRunFile(path)
  try {
    session.say(`  Resuming ${header.method} at iteration ${snapshot.iteration}.`)
    const result = await solve(session, problem, method, {
      tolerance: header.tolerance,
      // A run that was stopped by its own limit goes on with the default one.
      ...(end?.status !== 'iteration-limit' && { maxIterations: header.maxIterations }),
      ...limits(options),
      resume: snapshot,
      observers: [recordRun(writer.write)],
    })
    return present(session, problem, method, result, {
      names: variablesOf(problem),
      svg: options.svg,
      plot: options.plot,
    })
  } finally {
    writer.close()
  }
}
