import { between, choice, flag, integer, nonNegative, portablePow, positive, UnsupportedError } from '../base/index.ts'
import { defineMethod, type SmoothProblem } from '../solver/index.ts'
import { consensusPoint, ensembleSpread } from './consensus.ts'
import { comparable, nothingFinite, type SearchState, searchMethod, searchState } from './search.ts'
import { clipRow, sampleRows } from './search-space.ts'

export interface ConsensusBasedOptimizationOptions {
  /** Number of particles N, >= 1. Default 100. */
  particles?: number
  /** Drift lambda towards the consensus point, >= 0. Default 1. */
  drift?: number
  /** Diffusion sigma: the size of the noise, >= 0. Default sqrt(1.6). */
  diffusion?: number
  /** Weight exponent alpha in [0, Infinity]; large values trust the best particle alone. Default 1000. */
  alpha?: number
  /** Factor r of the schedule `alpha_k = alpha r^k`, >= 1. Default 1. */
  alphaGrowth?: number
  /** Factor of the schedule `sigma_k = sigma r^k`, in (0, 1]. Default 1. */
  diffusionDecay?: number
  /** Step dt of the Euler-Maruyama scheme, > 0. Default 0.01. */
  timeStep?: number
  /**
   * `anisotropic`: noise by coordinate, as large as that coordinate's distance from consensus (its strength does not grow with
   * the dimension). `isotropic`: the same in all directions, as large as the whole distance. Default anisotropic.
   */
  noise?: 'anisotropic' | 'isotropic'
  /** Drift first and measure the noise from the particle that has drifted, as the reference code does. Default false. */
  splitting?: boolean
  /**
   * Size of the random batches into which the particles are shuffled in each step, each with a consensus point of its own;
   * 0 for one batch of all. Default 0.
   */
  batchSize?: number
  /** Strength gamma of an additional drift `-gamma dt grad E` of each particle, >= 0. Needs a gradient if > 0. Default 0. */
  gradientDrift?: number
  /** Standard deviation of the normal initial ensemble around the start. Default: uniform in a finite box, else 1. */
  initialSpread?: number
  /** Also evaluate the objective at the consensus point (one more value per iteration). Default false. */
  evaluateConsensus?: boolean
}

/** State of consensus-based optimization. */
export interface ConsensusState extends SearchState {
  /** X^1..X^N, [N, n]. */
  particles: Float64Array
  /** E(X^i), length N. */
  values: Float64Array
  /** Consensus point of the particles, length n. */
  consensus: Float64Array
  /** E at the consensus point, or NaN where it is not evaluated. */
  consensusValue: number
  /** Steps k done; -1 before the first values are known. */
  time: number
  /** What the round holds. */
  phase: 'particles' | 'consensus'
  variance: number
  initialVariance: number
  consensusDistance: number
  /** Largest coordinate by which the consensus point moved in the last step; NaN before the first. */
  consensusMovement: number
  effectiveSampleSize: number
  /** Smallest value among the particles. */
  lowest: number
  /** Work: mean of the ensemble, or consensus point of a batch; length n. */
  work: Float64Array
  gradient: Float64Array
  point: Float64Array
  order: Int32Array
}

/** The swarm has blown up beyond any use once its variance has grown by this factor. */
const EXPLOSION = 1e12
/** Below this variance (relative to the squared size of the consensus point) no particle can move in double precision. */
const COLLAPSE = 1e-30

/**
 * Consensus-based optimization: `min E(x)` from values alone, by N particles that drift towards their weighted mean xa and
 * explore in proportion to their distance from it,
 *
 *     dX^i = -lambda (X^i - xa) dt + sigma |X^i - xa| dB^i          (isotropic)
 *     dX^i = -lambda (X^i - xa) dt + sigma (X^i - xa) .* dB^i       (anisotropic)
 *     xa = sum_i w_i X^i / sum_i w_i,   w_i = exp(-alpha E(X^i))
 *
 * stepped by Euler-Maruyama. The consensus point moves like a stochastically perturbed gradient descent, although no gradient
 * is evaluated, and crosses barriers that gradient descent cannot. N values and O(N n) arithmetic per iteration, memory 2 N n;
 * K iterations cost N (K + 1) values. Measures: `consensusDistance = sqrt(1/N sum |X^i - xa|^2)` (bounded by `tolerance`),
 * `variance = 1/(nN) sum |X^i - mean|^2`, `consensusMovement` (stop by `sustained(below('consensusMovement', 1e-6), 100)` when the consensus
 * stands still), `effectiveSampleSize`. The solution is the best particle ever evaluated; the
 * consensus point is in the state.
 *
 * Isotropic noise contracts for `n sigma^2 < 2 lambda` only (mean field, constant E), anisotropic noise for `sigma^2 < 2 lambda`
 * in every dimension. With bounds particles are projected onto the box (not in the paper).
 *
 * @throws {OptionError} if an option lies outside its interval
 * @see Riedl, Klock, Geldhauser and Fornasier (2023), arXiv 2306.09778, Algorithm 1; Carrillo, Jin, Li and Zhu (2021) for
 *   anisotropic noise and random batches
 */
export const consensusBasedOptimization = defineMethod<
  SmoothProblem,
  ConsensusBasedOptimizationOptions,
  ConsensusState
>()({
  slug: 'consensus-based-optimization',
  title: 'Consensus-based optimization',
  room: 'blackbox',
  problemClass: 'smooth',
  summary: 'A swarm of particles agrees on a global minimum of a rugged function from function values alone.',
  formulae: [
    {
      tex: String.raw`x_\alpha = \frac{\sum_i X^i e^{-\alpha E(X^i)}}{\sum_i e^{-\alpha E(X^i)}}`,
      meaning: 'The consensus point: the mean of the particles, weighted towards the best.',
    },
    {
      tex: String.raw`dX^i = -\lambda\,(X^i - x_\alpha)\,dt + \sigma\, |X^i - x_\alpha|\, dB^i`,
      meaning: 'Each particle drifts towards it, and explores in proportion to its distance from it.',
    },
    {
      tex: String.raw`x_k = x_{k-1} - \tau \nabla E(x_{k-1}) + \text{noise}, \qquad \tau = \alpha \sigma^2`,
      meaning: 'Seen from far, the consensus point follows a noisy gradient, although no gradient is evaluated.',
    },
  ],
  source: {
    authors: 'Riedl, Klock, Geldhauser and Fornasier',
    title:
      'Gradient is All You Need? How Consensus-Based Optimization can be Interpreted as a Stochastic Relaxation of Gradient Descent',
    year: 2023,
    arxiv: '2306.09778',
  },
  handles: ['bounds'],
  random: true,
  optimality: {
    measure: 'consensusDistance',
    meaning: 'root mean square distance of the particles from their consensus point',
  },
  options: {
    particles: integer(100, 'particles N', { min: 1, max: 1e7 }),
    drift: nonNegative(1, 'drift lambda'),
    diffusion: nonNegative(Math.sqrt(1.6), 'diffusion sigma'),
    alpha: {
      ...between(0, Infinity, 1000, 'weight exponent alpha'),
      scale: 'log',
      expected: 'a number >= 0, or Infinity',
    },
    alphaGrowth: { ...between(1, 1e3, 1, 'growth of alpha per step') },
    diffusionDecay: {
      ...between(0, 1, 1, 'decay of sigma per step'),
      minExcluded: true,
      expected: 'a number in (0, 1]',
      accepts: (value): value is number => typeof value === 'number' && value > 0 && value <= 1,
    },
    timeStep: positive(0.01, 'time step dt'),
    noise: choice(['anisotropic', 'isotropic'], 'anisotropic', 'noise'),
    splitting: flag(false, 'drift before noise'),
    batchSize: integer(0, 'particles per batch', { min: 0, max: 1e7 }),
    gradientDrift: nonNegative(0, 'gradient drift gamma'),
    initialSpread: positive<number | undefined>(undefined, 'initial spread'),
    evaluateConsensus: flag(false, 'evaluate the consensus point'),
  },

  create: (options) => {
    const { particles: N, drift, diffusion, timeStep: dt, noise, splitting, batchSize, gradientDrift } = options
    const isotropic = noise === 'isotropic'
    const keep = 1 - drift * dt
    return {
      ...(gradientDrift > 0 && { requires: ['gradient'] }),
      ...searchMethod<ConsensusState>({
        begin(space, start, _, note) {
          const n = space.dimension
          if (drift * dt > 1) note(`lambda dt = ${drift * dt} > 1: particles overshoot the consensus point`)
          if (isotropic && n * diffusion ** 2 >= 2 * drift) {
            note(
              `n sigma^2 = ${(n * diffusion ** 2).toPrecision(3)} >= 2 lambda = ${2 * drift}: isotropic noise spreads the ` +
                "particles wherever the objective does not hold them together; use less diffusion or noise: 'anisotropic'",
            )
          }
          return {
            ...searchState(N, start),
            particles: new Float64Array(N * n),
            values: new Float64Array(N),
            consensus: start.slice(),
            consensusValue: NaN,
            time: -1,
            phase: 'particles',
            variance: NaN,
            initialVariance: NaN,
            consensusDistance: NaN,
            consensusMovement: NaN,
            effectiveSampleSize: NaN,
            lowest: Infinity,
            work: new Float64Array(n),
            gradient: new Float64Array(gradientDrift > 0 ? N * n : 0),
            point: new Float64Array(n),
            order: Int32Array.from({ length: batchSize > 0 ? N : 0 }, (_, i) => i),
          }
        },

        propose(state, space, random) {
          const { particles, round, consensus, work, order } = state
          const n = space.dimension
          if (state.phase === 'consensus') {
            round.points.set(consensus)
            round.count = 1
            return
          }
          const next = round.points
          if (state.time < 0) {
            sampleRows(space, state.best, options.initialSpread, N, random, next)
            round.count = N
            return
          }
          const alpha = options.alpha * portablePow(options.alphaGrowth, state.time)
          const amplitude = diffusion * portablePow(options.diffusionDecay, state.time) * Math.sqrt(dt)
          // Gradients first: they may end the run, and nothing is drawn before.
          if (gradientDrift > 0) {
            if (space.gradient === undefined) {
              throw new UnsupportedError('consensus-based-optimization: gradientDrift > 0 needs a gradient', {
                argument: 'gradientDrift',
                expected: '0 where there are only values',
                received: String(gradientDrift),
              })
            }
            for (let i = 0; i < N; i++) {
              for (let j = 0; j < n; j++) state.point[j] = particles[i * n + j]
              space.gradient(state.point, work)
              state.gradient.set(work, i * n)
            }
          }
          const batched = batchSize > 0 && batchSize < N
          if (batched) {
            for (let i = 0; i < N; i++) order[i] = i
            random.shuffle(order)
          }
          const size = batched ? batchSize : N
          for (let first = 0; first < N; first += size) {
            const count = Math.min(size, N - first)
            let centre = consensus
            if (batched || options.alphaGrowth !== 1) {
              centre = work
              if (
                consensusPoint(particles, state.values, count, alpha, centre, first, batched ? order : undefined) === 0
              ) {
                // No particle of this batch has a value to go by: it moves to the common consensus.
                centre = consensus
              }
            }
            for (let k = first; k < first + count; k++) {
              const offset = (batched ? order[k] : k) * n
              if (isotropic) {
                let squares = 0
                for (let j = 0; j < n; j++) {
                  const d = particles[offset + j] - centre[j]
                  squares += d * d
                }
                const scale = amplitude * Math.sqrt(squares) * (splitting ? Math.abs(keep) : 1)
                for (let j = 0; j < n; j++) {
                  const d = particles[offset + j] - centre[j]
                  next[offset + j] = centre[j] + keep * d + scale * random.normal()
                }
              } else {
                const scale = splitting ? amplitude * keep : amplitude
                for (let j = 0; j < n; j++) {
                  const d = particles[offset + j] - centre[j]
                  next[offset + j] = centre[j] + (keep + scale * random.normal()) * d
                }
              }
            }
          }
          if (gradientDrift > 0) {
            const step = gradientDrift * dt
            for (let at = 0; at < N * n; at++) next[at] -= step * state.gradient[at]
          }
          if (space.lower !== undefined || space.upper !== undefined) {
            for (let i = 0; i < N; i++) clipRow(space, next, i)
          }
          round.count = N
        },

        absorb(state, _, __, finite) {
          const { round } = state
          if (state.phase === 'consensus') {
            state.consensusValue = round.values[0]
            state.phase = 'particles'
          } else {
            const { particles, values } = state
            state.particles = round.points
            state.values = round.values
            round.points = particles
            round.values = values
            if (finite === 0) return nothingFinite(N)
            state.time++
            const alpha = options.alpha * portablePow(options.alphaGrowth, state.time)
            state.work.set(state.consensus)
            state.effectiveSampleSize = consensusPoint(state.particles, state.values, N, alpha, state.consensus)
            let movement = 0
            for (let j = 0; j < state.consensus.length; j++) {
              movement = Math.max(movement, Math.abs(state.consensus[j] - state.work[j]))
            }
            state.consensusMovement = state.time > 0 ? movement : NaN
            const spread = ensembleSpread(state.particles, N, state.consensus, state.work)
            state.variance = spread.variance
            state.consensusDistance = spread.distance
            let lowest = Infinity
            for (let i = 0; i < N; i++) lowest = Math.min(lowest, comparable(state.values[i]))
            state.lowest = lowest
            if (state.time === 0) state.initialVariance = spread.variance
            if (options.evaluateConsensus) {
              state.phase = 'consensus'
              return 'more'
            }
          }
          if (!(state.variance <= EXPLOSION * Math.max(state.initialVariance, Number.MIN_VALUE))) {
            const grown = Number.isFinite(state.variance)
              ? `grown to ${state.variance.toPrecision(3)}`
              : 'no longer finite'
            return { outcome: 'diverged', reason: `the variance of the particles has ${grown}; use less diffusion` }
          }
          let size = 1
          for (const c of state.consensus) size = Math.max(size, Math.abs(c))
          if (N > 1 && state.consensusDistance ** 2 <= COLLAPSE * size * size) {
            return { outcome: 'stalled', reason: 'all particles have met in one point' }
          }
        },

        measure: ({ bestValue, consensusValue, ...state }) => ({
          objective: bestValue,
          consensusDistance: state.consensusDistance,
          consensusMovement: state.consensusMovement,
          variance: state.variance,
          effectiveSampleSize: state.effectiveSampleSize,
          lowest: state.lowest,
          ...(options.evaluateConsensus && { consensusObjective: consensusValue }),
        }),
      }),
    }
  },
})
