import type { RecordedRun } from '../inputs/index.ts'
import { readRunFileFrom } from '../node/index.ts'
import { createMethod } from '../registry.ts'
import { problemFromRunFile } from './problems.ts'

/** @throws {ThalwegError} if the file cannot be read, or its problem or method cannot be built again */
export async function recordedRun(path: string): Promise<RecordedRun> {
  const run = readRunFileFrom(path)
  const problem = await problemFromRunFile(run.header.problem.recipe, path)
  return { run, problem, method: createMethod(run.header.method, run.header.options) }
}
