export { Comparison, Expression, type QuadraticTerm, sum, type Term, Variable } from './algebra.ts'
export { type Acceptance, autofittedTemperature, type SimulatedAnnealing } from './balans/acceptance.ts'
export { type Arm, neighbourhoodFamilies, parseArm, parseArms } from './balans/arms.ts'
export { type BalansOptions, balans } from './balans/balans.ts'
export { type Exchange, sharedIncumbent } from './balans/exchange.ts'
export type { DestroyOptions, FamilyName, NeighbourhoodFamily } from './balans/neighbourhood.ts'
export { type Outcome, outcomes, type Scores } from './balans/outcome.ts'
export {
  balansPortfolio,
  type PortfolioOptions,
  type PortfolioResult,
  randomConfiguration,
} from './balans/portfolio.ts'
export { type DiscreteColumns, discreteColumns, type SearchPoint } from './balans/search-point.ts'
export { type PolicyChoice, type PresetName, paperArms, presets, type Settings } from './balans/settings.ts'
export type { ArmSummary, BalansState, TrialRecord } from './balans/state.ts'
export {
  FEASIBILITY_TOLERANCE,
  isFeasible,
  objectiveAt,
  polished,
  relativeGap,
  type Violations,
  violationsAt,
} from './certificate.ts'
export { changedProgram } from './changed-program.ts'
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
export {
  type Constraint,
  type Declaration,
  type Index,
  type Indexed,
  MipModel,
  mipModel,
  type VariableOptions,
} from './model.ts'
export { type Incumbent, primalGap, primalIntegral } from './primal-integral.ts'
export { type MipSolution, mipSolution, type SolveMipOptions, solveMip } from './solve-mip.ts'
export {
  generalizedIndependentSetProblem,
  independentSetProblem,
  knapsackProblem,
  setCoverProblem,
} from './test-problems.ts'
export { workerEngine } from './worker-engine.ts'
