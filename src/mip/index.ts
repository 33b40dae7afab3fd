export {
  FEASIBILITY_TOLERANCE,
  isFeasible,
  objectiveAt,
  polished,
  relativeGap,
  type Violations,
  violationsAt,
} from './certificate.ts'
export * from './engine.ts'
export * from './engine-error.ts'
export * from './formats/index.ts'
export { type HighsOptions, type HighsState, highs } from './highs.ts'
export { highsInProcess } from './highs-in-process.ts'
export type { HighsLocation } from './highs-runtime.ts'
export { defaultEngine, highsThreads, highsWorkers, serveHighs } from './highs-workers.ts'
export {
  type MixedIntegerParts,
  mixedIntegerClass,
  mixedIntegerProgram,
  type PreparedMixedIntegerProgram,
  signOf,
} from './mixed-integer-class.ts'
export * from './mixed-integer-program.ts'
export { workerEngine } from './worker-engine.ts'
