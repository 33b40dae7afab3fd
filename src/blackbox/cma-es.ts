import {
  choice,
  flag,
  integer,
  portableExp,
  portableLog,
  portablePow,
  positive,
  type RandomStream,
} from '../base/index.ts'
import { symmetricEigen } from '../linalg/index.ts'
import { defineMethod, type SmoothProblem } from '../solver/index.ts'
import { comparable, emptyRound, nothingFinite, type SearchState, searchMethod, searchState } from './search.ts'
import { clipRow, isFiniteBox, isFiniteSide, isInside, type SearchSpace, sampleRows } from './search-space.ts'

export interface CmaEsOptions {
  /** Samples lambda per generation, >= 4. Default 4 + floor(3 ln n). */
  populationSize?: number
  /** First standard deviation: of coordinates with two finite bounds relative to their width, of others as it is. Default 0.3. */
  initialStep?: number
  /** Let bad samples shrink the covariance along their directions (negative weights). Default false. */
  activeUpdate?: boolean
  /** Fresh starts after a run has narrowed down or got stuck, >= 0 or Infinity. Default 0. */
  restarts?: number
  /**
   * `ipop`: each restart doubles the population. `bipop`: restarts alternate between doubled populations and small ones with
   * small first steps, at equal shares of evaluations. Default bipop.
   */
  restartScheme?: 'ipop' | 'bipop'
  /**
   * `penalty`: samples outside the box are evaluated at its border and ranked with a penalty that adapts. `resample`: samples
   * are drawn again until they lie inside (projected after 100 attempts). Default penalty.
   */
  boundHandling?: 'penalty' | 'resample'
}

/** Weights and learning rates of one run, functions of n and lambda alone. */
interface StrategyParameters {
  readonly lambda: number
  readonly mu: number
  /** Recombination weights of the ranks, length lambda; those beyond mu are 0, or negative with the active update. */
  readonly weights: Float64Array
  readonly effectiveSize: number
  readonly cSigma: number
  readonly dSigma: number
  readonly cCumulation: number
  readonly cOne: number
  readonly cMu: number
  /** E |N(0, I)|. */
  readonly expectedNorm: number
}

/** State of CMA-ES. */
export interface CmaEsState extends SearchState {
  start: Float64Array
  parameters: StrategyParameters
  mean: Float64Array
  sigma: number
  /** First standard deviations by coordinate, length n. */
  scale: Float64Array
  /** Covariance C, [n, n]. */
  C: Float64Array
  /** Eigenvectors of C in columns, [n, n]. */
  B: Float64Array
  /** Square roots of the eigenvalues of C, length n. */
  D: Float64Array
  pathC: Float64Array
  pathSigma: Float64Array
  generation: number
  /** Generation of the last eigendecomposition. */
  decomposed: number
  /** Samples as drawn, before the box is applied, [lambda, n]. */
  samples: Float64Array
  fitness: Float64Array
  order: Int32Array
  /** Best values of the last generations, a ring. */
  history: Float64Array
  /** Interquartile ranges of the last generations, a ring; NaN where not filled. */
  ranges: Float64Array
  /** Penalty weights by coordinate; 0 as long as the mean has not left the box. */
  penalties: Float64Array
  /** Values used in this run. */
  evaluations: number
  restartsLeft: number
  /** Population of the latest run with a doubled population. */
  largeLambda: number
  /** Values spent on runs with doubled and with small populations. */
  spentLarge: number
  spentSmall: number
  small: boolean
  /** Values that the present run may use. */
  allowance: number
  firstSigma: number
  work: Float64Array
  workTwo: Float64Array
}

function strategyParameters(n: number, lambda: number, active: boolean): StrategyParameters {
  const mu = Math.floor(lambda / 2)
  const weights = new Float64Array(lambda)
  for (let i = 0; i < lambda; i++) weights[i] = portableLog((lambda + 1) / 2) - portableLog(i + 1)
  let positives = 0
  let positiveSquares = 0
  let negatives = 0
  let negativeSquares = 0
  for (let i = 0; i < lambda; i++) {
    if (i < mu) {
      positives += weights[i]
      positiveSquares += weights[i] ** 2
    } else {
      negatives += Math.abs(weights[i])
      negativeSquares += weights[i] ** 2
    }
  }
  const effectiveSize = positives ** 2 / positiveSquares
  const cSigma = (effectiveSize + 2) / (n + effectiveSize + 5)
  const dSigma = 1 + 2 * Math.max(0, Math.sqrt((effectiveSize - 1) / (n + 1)) - 1) + cSigma
  const cCumulation = (4 + effectiveSize / n) / (n + 4 + (2 * effectiveSize) / n)
  const cOne = 2 / ((n + 1.3) ** 2 + effectiveSize)
  const cMu = Math.min(1 - cOne, (2 * (0.25 + effectiveSize + 1 / effectiveSize - 2)) / ((n + 2) ** 2 + effectiveSize))
  // Eqs. (50)-(53): the negative weights sum to at most what keeps C positive definite.
  const negativeEffective = negativeSquares > 0 ? negatives ** 2 / negativeSquares : 0
  const negativeSum = Math.min(
    1 + cOne / cMu,
    1 + (2 * negativeEffective) / (effectiveSize + 2),
    (1 - cOne - cMu) / (n * cMu),
  )
  for (let i = 0; i < lambda; i++) {
    if (i < mu) weights[i] /= positives
    else weights[i] = active && negatives > 0 ? (weights[i] * negativeSum) / negatives : 0
  }
  return {
    lambda,
    mu,
    weights,
    effectiveSize,
    cSigma,
    dSigma,
    cCumulation,
    cOne,
    cMu,
    expectedNorm: Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n)),
  }
}

const MAX_ATTEMPTS = 100

/**
 * CMA-ES, the covariance matrix adaptation evolution strategy, for `min f(x)` from values alone: draws lambda points from
 * N(m, sigma^2 C), moves m to the weighted mean of the best half, and adapts sigma and C to the path of m and to the selected
 * steps. Only the ranking of values counts: invariant under increasing transformations of f, and (with the first distribution
 * mapped along) under rotations, translations and scalings of x.
 *
 * The method of choice for ill-conditioned, non-separable or rugged functions of up to about a hundred variables. lambda values
 * per iteration; O(n^2) arithmetic per value, an O(n^3) eigendecomposition now and then. `tolerance` bounds `samplingWidth`, the
 * largest standard deviation of the sampling distribution; with `restarts` that of the last run (pass `tolerance: 0` and a budget
 * to use all restarts).
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Hansen, The CMA Evolution Strategy: A Tutorial (2016), arXiv 1604.00772, Fig. 6 and Table 1; Auger and Hansen (2005)
 *   for IPOP; Hansen (2009) for BIPOP; Hansen, Niederberger, Guzzella and Koumoutsakos (2009), section IV-B, for the penalty
 */
export const cmaEs = defineMethod<SmoothProblem, CmaEsOptions, CmaEsState>()({
  slug: 'cma-es',
  title: 'CMA-ES',
  room: 'blackbox',
  problemClass: 'smooth',
  summary: 'Learns the shape of the landscape from the ranking of samples: strong on ill-conditioned black boxes.',
  formulae: [
    {
      tex: String.raw`x_i \sim m + \sigma\, \mathcal N(0, C)`,
      meaning: 'A population from a normal distribution.',
    },
    {
      tex: String.raw`m \leftarrow \sum_{i=1}^{\mu} w_i\, x_{i:\lambda}`,
      meaning: 'Its mean moves to the better half.',
    },
    {
      tex: String.raw`C \leftarrow (1 - c_1 - c_\mu)\, C + c_1\, p_c p_c^\top + c_\mu \sum_i w_i\, y_{i:\lambda} y_{i:\lambda}^\top`,
      meaning: 'Its shape learns the directions that helped.',
    },
  ],
  source: {
    authors: 'Hansen and Ostermeier',
    title: 'Completely derandomized self-adaptation in evolution strategies',
    year: 2001,
    venue: 'Evolutionary Computation 9(2)',
  },
  handles: ['bounds'],
  random: true,
  optimality: { measure: 'samplingWidth', meaning: 'largest standard deviation of the sampling distribution' },
  options: {
    populationSize: integer<number | undefined>(undefined, 'samples per generation', { min: 4, max: 1e6 }),
    initialStep: positive(0.3, 'first standard deviation'),
    activeUpdate: flag(false, 'negative weights'),
    restarts: integer(0, 'restarts'),
    restartScheme: choice(['ipop', 'bipop'], 'bipop', 'restart scheme'),
    boundHandling: choice(['penalty', 'resample'], 'penalty', 'bounds'),
  },

  create: ({ populationSize, initialStep, activeUpdate, restarts, restartScheme, boundHandling }) => ({
    ...(restarts > 0 && {
      optimality: { measure: 'finalSamplingWidth', meaning: 'largest standard deviation, in the last of all restarts' },
    }),
    ...searchMethod<CmaEsState>({
      begin(space, start) {
        const n = space.dimension
        const lambda = populationSize ?? defaultPopulation(n)
        const scale = new Float64Array(n)
        for (let j = 0; j < n; j++) {
          scale[j] = isFiniteSide(space, j) ? (space.upper as Float64Array)[j] - (space.lower as Float64Array)[j] : 1
          // A coordinate whose bounds coincide still needs a positive variance.
          if (scale[j] === 0) scale[j] = 1e-300
        }
        const state: CmaEsState = {
          ...searchState(lambda, start),
          start,
          parameters: strategyParameters(n, lambda, activeUpdate),
          mean: start.slice(),
          sigma: initialStep,
          scale,
          C: new Float64Array(n * n),
          B: new Float64Array(n * n),
          D: new Float64Array(n),
          pathC: new Float64Array(n),
          pathSigma: new Float64Array(n),
          generation: 0,
          decomposed: 0,
          samples: new Float64Array(0),
          fitness: new Float64Array(0),
          order: new Int32Array(0),
          history: new Float64Array(0),
          ranges: new Float64Array(0),
          penalties: new Float64Array(n),
          evaluations: 0,
          restartsLeft: restarts,
          largeLambda: lambda,
          spentLarge: 0,
          spentSmall: 0,
          small: false,
          allowance: Infinity,
          firstSigma: initialStep,
          work: new Float64Array(n),
          workTwo: new Float64Array(n),
        }
        beginRun(state, n, lambda, initialStep, activeUpdate)
        return state
      },

      propose(state, space, random) {
        const { parameters, mean, sigma, B, D, samples, round, work } = state
        const n = space.dimension
        const bounded = space.lower !== undefined || space.upper !== undefined
        for (let i = 0; i < parameters.lambda; i++) {
          for (let attempt = 1; ; attempt++) {
            for (let j = 0; j < n; j++) work[j] = D[j] * random.normal()
            for (let j = 0; j < n; j++) {
              let y = 0
              for (let k = 0; k < n; k++) y += B[j * n + k] * work[k]
              samples[i * n + j] = mean[j] + sigma * y
            }
            if (!bounded || boundHandling === 'penalty' || isInside(space, samples, i)) break
            if (attempt === MAX_ATTEMPTS) {
              clipRow(space, samples, i)
              break
            }
          }
        }
        round.points.set(samples)
        if (bounded) for (let i = 0; i < parameters.lambda; i++) clipRow(space, round.points, i)
        round.count = parameters.lambda
      },

      absorb(state, space, random, finite) {
        const { lambda } = state.parameters
        if (finite === 0) return nothingFinite(lambda)
        const { round, fitness, order } = state
        state.evaluations += lambda
        for (let i = 0; i < lambda; i++) {
          fitness[i] = comparable(round.values[i])
          order[i] = i
        }
        if (boundHandling === 'penalty' && (space.lower !== undefined || space.upper !== undefined)) {
          addPenalties(state, space)
        }
        order.sort((a, b) => (fitness[a] < fitness[b] ? -1 : fitness[a] > fitness[b] ? 1 : a - b))
        const flat = fitness[order[0]] === fitness[order[Math.min(lambda - 1, 1 + Math.floor(lambda / 4))]]
        updateDistribution(state, space.dimension)
        if (flat) state.sigma *= portableExp(0.2 + state.parameters.cSigma / state.parameters.dSigma)
        const reason = reasonToStop(state)
        if (reason === null) return
        if (!(state.restartsLeft > 0)) return { outcome: state.sigma < Infinity ? 'stalled' : 'diverged', reason }
        state.restartsLeft--
        if (state.small) state.spentSmall += state.evaluations
        else state.spentLarge += state.evaluations
        const n = space.dimension
        const first = populationSize ?? defaultPopulation(n)
        // The first run belongs to neither regime; the first restart has the doubled population.
        state.small = restartScheme === 'bipop' && state.largeLambda > first && state.spentSmall < state.spentLarge
        restartMean(state, space, random, initialStep)
        if (state.small) {
          const u = random.uniform()
          const lambda = Math.floor(first * portablePow(state.largeLambda / (2 * first), u * u))
          state.allowance = state.spentLarge / 2
          beginRun(state, n, lambda, initialStep * portablePow(10, -2 * random.uniform()), activeUpdate)
        } else {
          state.largeLambda *= 2
          state.allowance = Infinity
          beginRun(state, n, state.largeLambda, initialStep, activeUpdate)
        }
      },

      measure(state) {
        const width = samplingWidth(state)
        return {
          objective: state.bestValue,
          samplingWidth: width,
          sigma: state.sigma,
          ...(restarts > 0 && { finalSamplingWidth: state.restartsLeft === 0 ? width : NaN }),
        }
      },
    }),
  }),
})

function defaultPopulation(n: number): number {
  return 4 + Math.floor(3 * portableLog(n))
}

function samplingWidth({ sigma, D }: CmaEsState): number {
  let widest = 0
  for (const d of D) widest = Math.max(widest, d)
  return sigma * widest
}

/** Sets distribution, paths and histories to their beginning, for a population of `lambda`. */
function beginRun(state: CmaEsState, n: number, lambda: number, sigma: number, active: boolean): void {
  state.parameters = strategyParameters(n, lambda, active)
  state.round = emptyRound(lambda, n)
  state.samples = new Float64Array(lambda * n)
  state.fitness = new Float64Array(lambda)
  state.order = new Int32Array(lambda)
  state.sigma = sigma
  state.firstSigma = sigma
  state.C.fill(0)
  state.B.fill(0)
  for (let j = 0; j < n; j++) {
    state.C[j * n + j] = state.scale[j] ** 2
    state.B[j * n + j] = 1
    state.D[j] = state.scale[j]
  }
  state.pathC.fill(0)
  state.pathSigma.fill(0)
  state.penalties.fill(0)
  state.generation = 0
  state.decomposed = 0
  state.evaluations = 0
  state.history = new Float64Array(10 + Math.ceil((30 * n) / lambda)).fill(NaN)
  state.ranges = new Float64Array(20 + Math.ceil((3 * n) / lambda)).fill(NaN)
}

/** One generation: m, sigma, C and the paths from the ranked samples. Tutorial, Fig. 6. */
function updateDistribution(state: CmaEsState, n: number): void {
  const { parameters, mean, sigma, C, B, D, pathC, pathSigma, samples, order, work: step, workTwo: white } = state
  const { mu, lambda, weights, effectiveSize, cSigma, dSigma, cCumulation, cOne, cMu, expectedNorm } = parameters
  step.fill(0)
  for (let k = 0; k < mu; k++) {
    const at = order[k] * n
    for (let j = 0; j < n; j++) step[j] += (weights[k] * (samples[at + j] - mean[j])) / sigma
  }
  whiten(B, D, step, white, n)
  const push = Math.sqrt(cSigma * (2 - cSigma) * effectiveSize)
  let squares = 0
  for (let j = 0; j < n; j++) {
    pathSigma[j] = (1 - cSigma) * pathSigma[j] + push * white[j]
    squares += pathSigma[j] ** 2
  }
  const length = Math.sqrt(squares)
  state.generation++
  const settled = Math.sqrt(1 - portablePow(1 - cSigma, 2 * state.generation))
  // While sigma grows fast the cumulation for C pauses, or C would stretch too far.
  const steady = length / settled < (1.4 + 2 / (n + 1)) * expectedNorm ? 1 : 0
  const pushC = steady * Math.sqrt(cCumulation * (2 - cCumulation) * effectiveSize)
  for (let j = 0; j < n; j++) pathC[j] = (1 - cCumulation) * pathC[j] + pushC * step[j]

  let weightSum = 0
  for (let k = 0; k < lambda; k++) weightSum += weights[k]
  const keep = 1 + cOne * (1 - steady) * cCumulation * (2 - cCumulation) - cOne - cMu * weightSum
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) C[i * n + j] = keep * C[i * n + j] + cOne * pathC[i] * pathC[j]
  }
  for (let k = 0; k < lambda; k++) {
    let weight = cMu * weights[k]
    if (weight === 0) continue
    const at = order[k] * n
    for (let j = 0; j < n; j++) step[j] = (samples[at + j] - mean[j]) / sigma
    if (weight < 0) {
      whiten(B, D, step, white, n)
      let norm = 0
      for (let j = 0; j < n; j++) norm += white[j] ** 2
      weight *= n / Math.max(norm, Number.MIN_VALUE)
    }
    for (let i = 0; i < n; i++) {
      const part = weight * step[i]
      for (let j = 0; j <= i; j++) C[i * n + j] += part * step[j]
    }
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) C[j * n + i] = C[i * n + j]

  white.set(mean)
  for (let k = 0; k < mu; k++) {
    const at = order[k] * n
    for (let j = 0; j < n; j++) mean[j] += weights[k] * (samples[at + j] - white[j])
  }
  state.sigma *= portableExp(Math.min(1, (cSigma / dSigma) * (length / expectedNorm - 1)))

  if (state.generation - state.decomposed > 1 / ((cOne + cMu) * n * 10)) {
    const { values, vectors } = symmetricEigen({ rows: n, cols: n, data: C })
    B.set(vectors.data)
    for (let j = 0; j < n; j++) D[j] = Math.sqrt(Math.max(values[j], 0))
    state.decomposed = state.generation
  }
}

/** `out = C^(-1/2) v = B D^-1 B^T v`. */
function whiten(B: Float64Array, D: Float64Array, v: Float64Array, out: Float64Array, n: number): void {
  out.fill(0)
  for (let k = 0; k < n; k++) {
    let dot = 0
    for (let i = 0; i < n; i++) dot += B[i * n + k] * v[i]
    dot /= Math.max(D[k], Number.MIN_VALUE)
    for (let i = 0; i < n; i++) out[i] += B[i * n + k] * dot
  }
}

/** Adds `1/n sum_i gamma_i (x_i - clip(x_i))^2 / xi_i` to the fitness, and adapts gamma. */
function addPenalties(state: CmaEsState, { lower, upper, dimension: n }: SearchSpace): void {
  const { parameters, samples, round, fitness, penalties, ranges, C, sigma, mean, generation } = state
  const { lambda, effectiveSize } = parameters
  const sorted = Float64Array.from(fitness).sort()
  const range = sorted[Math.floor((3 * lambda) / 4)] - sorted[Math.floor(lambda / 4)]
  if (Number.isFinite(range) && range > 0) ranges[generation % ranges.length] = range
  let meanLog = 0
  let trace = 0
  for (let j = 0; j < n; j++) {
    meanLog += portableLog(C[j * n + j]) / n
    trace += C[j * n + j]
  }
  let outside = false
  for (let j = 0; j < n; j++) {
    if (mean[j] < (lower?.[j] ?? -Infinity) || mean[j] > (upper?.[j] ?? Infinity)) outside = true
  }
  if (outside) {
    const known = ranges.filter((r) => !Number.isNaN(r)).sort()
    const typical = known.length > 0 ? known[Math.floor(known.length / 2)] : 1
    for (let j = 0; j < n; j++) {
      if (penalties[j] === 0) penalties[j] = (2 * typical) / (sigma * sigma * (trace / n))
      const excess = Math.max((lower?.[j] ?? -Infinity) - mean[j], mean[j] - (upper?.[j] ?? Infinity), 0)
      const far = 3 * sigma * Math.sqrt(C[j * n + j]) * Math.max(1, Math.sqrt(n) / effectiveSize)
      if (excess > far) penalties[j] *= portablePow(1.1, Math.max(1, effectiveSize / (10 * n)))
    }
  }
  for (let i = 0; i < lambda; i++) {
    let penalty = 0
    for (let j = 0; j < n; j++) {
      const d = samples[i * n + j] - round.points[i * n + j]
      if (d !== 0) penalty += (penalties[j] * d * d) / portableExp(0.9 * (portableLog(C[j * n + j]) - meanLog))
    }
    fitness[i] += penalty / n
  }
}

/** Why the present run should end, or null. */
function reasonToStop(state: CmaEsState): string | null {
  const { sigma, C, D, B, pathC, scale, firstSigma, mean, history, fitness, order, generation, parameters } = state
  const n = mean.length
  let widest = 0
  let narrowest = Infinity
  for (const d of D) {
    widest = Math.max(widest, d)
    narrowest = Math.min(narrowest, d)
  }
  if (!Number.isFinite(sigma) || !Number.isFinite(widest)) return 'the sampling distribution is no longer finite'
  history[generation % history.length] = fitness[order[0]]
  let low = Infinity
  let high = -Infinity
  for (const value of history) {
    if (value < low) low = value
    if (!(value <= high)) high = value
  }
  const worst = fitness[order[parameters.lambda - 1]]
  if (worst > high) high = worst
  // With restarts left it does not pay to polish; otherwise go on to the limit of the arithmetic.
  const enough = state.restartsLeft > 0 ? 1e-12 * Math.max(1, Math.abs(low)) : 2 * Number.EPSILON * Math.abs(low)
  if (generation >= history.length && high - low <= enough) return 'the values of the samples no longer differ'
  let shrunk = true
  let still = true
  for (let j = 0; j < n; j++) {
    const deviation = sigma * Math.sqrt(C[j * n + j])
    if (Math.max(deviation, sigma * Math.abs(pathC[j])) > 1e-12 * firstSigma * scale[j]) shrunk = false
    if (mean[j] + 0.2 * deviation !== mean[j]) still = false
  }
  if (shrunk && state.restartsLeft > 0) return 'the sampling distribution has shrunk by 1e12'
  if (still) return 'samples no longer differ from the mean'
  if (widest > 1e7 * narrowest) return 'the covariance has condition number 1e14'
  const axis = generation % n
  let moves = false
  for (let j = 0; j < n; j++) if (mean[j] + 0.1 * sigma * D[axis] * B[j * n + axis] !== mean[j]) moves = true
  if (!moves) return 'a principal axis has shrunk to rounding error'
  if (state.restartsLeft > 0) {
    const patience = 100 + (50 * (n + 3) ** 2) / Math.sqrt(parameters.lambda)
    if (generation >= patience) return `no end after ${generation} generations`
    if (state.evaluations >= state.allowance) return 'the share of a small population is used up'
  }
  return null
}

/** Draws the beginning of the next run: anywhere in a finite box, else around the start. */
function restartMean(state: CmaEsState, space: SearchSpace, random: RandomStream, spread: number): void {
  if (isFiniteBox(space)) sampleRows(space, state.start, undefined, 1, random, state.mean)
  else sampleRows(space, state.start, spread, 1, random, state.mean)
}
