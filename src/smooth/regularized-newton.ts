import { dot } from '../linalg/index.ts'
import { type Measures, type PreparedSmoothProblem, projectedGradientNorm } from '../solver/index.ts'
import { type HessianModel, type HessianModelOptions, hessianModel } from './hessian-model.ts'
import { type Metric, type MetricChoice, makeMetric } from './metric.ts'
import { reliableDecrease } from './reliable-decrease.ts'
import { type SmoothState, smoothMeasures, smoothState } from './smooth-state.ts'

/** What the Newton methods with a regularization lambda B remember: the accepted point, and how the last iteration went. */
export interface RegularizedNewtonState extends SmoothState {
  trial: Float64Array
  trialGradient: Float64Array
  /** B^-1 grad f(x), and room for that of the trial. */
  metricGradient: Float64Array
  trialMetricGradient: Float64Array
  /** ||grad f(x)||_*. */
  dualGradientNorm: number
  /** lambda and ||h|| of the last accepted step; NaN before the first. */
  regularization: number
  stepNorm: number
  /** Trial steps of the last iteration, and of all. */
  trials: number
  totalTrials: number
  /** Factorizations of H + lambda B so far (none for approximations with a closed form). */
  factorizations: number
}

/** Their work memory. */
export interface RegularizedNewtonWork {
  readonly metric: Metric
  readonly model: HessianModel
  /** The trial step h, length n. */
  readonly step: Float64Array
}

/** A trial step, evaluated. */
export interface Trial {
  value: number
  /** f(x) - f(x + h), reliable close to a minimizer too; NaN if anything is not finite. */
  decrease: number
  /** ||grad f(x + h)||_*^2. */
  squaredNorm: number
}

/** Makes the metric and the model of the Hessian, and checks that the problem offers them, before any evaluation. */
export function regularizedNewtonWork(
  options: HessianModelOptions & { readonly metric: MetricChoice },
  problem: PreparedSmoothProblem,
  where: string,
): RegularizedNewtonWork {
  const metric = makeMetric(options.metric, problem, where)
  return { metric, model: hessianModel(options, metric, problem, where), step: new Float64Array(problem.dimension) }
}

/** Evaluates the start, which the state keeps. */
export function regularizedNewtonState(
  problem: PreparedSmoothProblem,
  start: Float64Array,
  metric: Metric,
): RegularizedNewtonState {
  const n = start.length
  const state = smoothState(problem, start)
  const metricGradient = new Float64Array(n)
  metric.solve(state.gradient, metricGradient)
  return {
    ...state,
    trial: new Float64Array(n),
    trialGradient: new Float64Array(n),
    metricGradient,
    trialMetricGradient: new Float64Array(n),
    dualGradientNorm: Math.sqrt(dot(state.gradient, metricGradient)),
    regularization: NaN,
    stepNorm: NaN,
    trials: 0,
    totalTrials: 0,
    factorizations: 0,
  }
}

/** Their measures. */
export function regularizedNewtonMeasures(state: RegularizedNewtonState): Measures {
  return {
    ...smoothMeasures(state),
    dualGradientNorm: state.dualGradientNorm,
    regularization: state.regularization,
    stepNorm: state.stepNorm,
    trials: state.trials,
    totalTrials: state.totalTrials,
    factorizations: state.factorizations,
  }
}

/**
 * Turns s = (H + lambda B)^-1 g in `work.step` into h = -s and evaluates x + h into the state's trial arrays.
 *
 * @returns whether x + h differs from x at all; if not, nothing was evaluated
 */
export function tryStep(
  problem: PreparedSmoothProblem,
  state: RegularizedNewtonState,
  { metric, step }: RegularizedNewtonWork,
  out: Trial,
): boolean {
  const { x, trial, trialGradient, trialMetricGradient } = state
  let moved = false
  for (let i = 0; i < x.length; i++) {
    step[i] = -step[i]
    trial[i] = x[i] + step[i]
    moved ||= trial[i] !== x[i]
  }
  if (!moved) return false
  out.value = problem.valueAndGradient(trial, trialGradient)
  metric.solve(trialGradient, trialMetricGradient)
  out.squaredNorm = dot(trialGradient, trialMetricGradient)
  out.decrease = reliableDecrease(state.value, out.value, state.gradient, trialGradient, step)
  return true
}

/** Makes the trial the accepted point. @returns false, and changes nothing, if its value or gradient is not finite */
export function acceptTrial(
  problem: PreparedSmoothProblem,
  state: RegularizedNewtonState,
  { metric, step }: RegularizedNewtonWork,
  { value, squaredNorm }: Trial,
  lambda: number,
  trials: number,
): boolean {
  const { x, gradient, metricGradient, trial, trialGradient } = state
  const norm = projectedGradientNorm(trial, trialGradient, problem.lower, problem.upper)
  if (!Number.isFinite(value) || !Number.isFinite(norm)) return false
  state.x = trial
  state.trial = x
  state.gradient = trialGradient
  state.trialGradient = gradient
  state.metricGradient = state.trialMetricGradient
  state.trialMetricGradient = metricGradient
  state.value = value
  state.gradientNorm = norm
  state.dualGradientNorm = Math.sqrt(squaredNorm)
  state.regularization = lambda
  state.stepNorm = metric.norm(step)
  state.trials = trials
  state.totalTrials += trials
  return true
}
