import { integer, positive } from '../src/base/index.ts'
import {
  type AnnealedLangevinState,
  annealedLangevin,
  type ConsensusBasedOptimizationOptions,
  type ConsensusHoppingOptions,
  type ConsensusState,
  consensusBasedOptimization,
  consensusHopping,
  type HoppingState,
  randomSearch,
} from '../src/blackbox/index.ts'
import { gradientDescent } from '../src/smooth/index.ts'
import {
  type Method,
  type RunOptions,
  run,
  type SmoothProblem,
  type Snapshot,
  smoothProblem,
} from '../src/solver/index.ts'
import { testFunction } from '../src/test-functions/index.ts'
import { type Claim, defineExperiment, type Report } from './experiment.ts'

type AnyMethod = Method<SmoothProblem, never>

/** Figure 1 of the paper. */
const particlesOfFigureOne: ConsensusBasedOptimizationOptions = {
  particles: 200,
  drift: 1,
  diffusion: 1.6,
  alpha: 100,
  timeStep: 0.01,
  noise: 'isotropic',
  initialSpread: 0.5,
}

/** Figure 2(a) of the paper. */
const samplesOfFigureTwo: ConsensusHoppingOptions = { samples: 200, width: 0.7, alpha: 100, annealing: 'none' }

/** The canyon without its box: the paper's methods know no bounds. */
const canyon = (): SmoothProblem =>
  smoothProblem({
    name: 'noisy canyon',
    dimension: 2,
    value: testFunction('canyon-noisy').value,
    start: [8, 8],
    minimum: 0,
  })

const mildRastrigin = (): SmoothProblem =>
  smoothProblem({
    name: 'Rastrigin of factor 2.5',
    dimension: 4,
    value: testFunction('rastrigin-mild').value,
    start: [2, 2, 2, 2],
    minimum: 0,
  })

const cbo = (options: ConsensusBasedOptimizationOptions): AnyMethod =>
  consensusBasedOptimization(options) as unknown as AnyMethod
const hopping = (options: ConsensusHoppingOptions): AnyMethod => consensusHopping(options) as unknown as AnyMethod
const langevin = (): AnyMethod =>
  annealedLangevin({ stepSize: 1e-3, noise: 10, cooling: 'logarithmic' }) as unknown as AnyMethod

/** Where a method stands: the consensus point of particles or samples, the walker of the others. */
type Standing = ConsensusState & HoppingState & AnnealedLangevinState
const standing = (state: unknown): Float64Array => (state as Standing).consensus ?? (state as Standing).x

interface Ends {
  /** Final points, one per seed. */
  readonly points: Float64Array[]
  /** Distances of the final points from the origin, sorted. */
  readonly distances: number[]
  readonly within: number
  readonly evaluations: number
  readonly gradients: number
  readonly ms: number
}

/** Runs a method from many seeds and looks where it ends. */
async function manySeeds(
  report: Report,
  problem: SmoothProblem,
  method: AnyMethod,
  seeds: readonly number[],
  iterations: number,
  radius: number,
): Promise<Ends> {
  const points: Float64Array[] = []
  let evaluations = 0
  let gradients = 0
  const began = performance.now()
  for (const seed of seeds) {
    const options: RunOptions<Float64Array> = {
      seed,
      tolerance: 0,
      maxIterations: iterations,
      traceEvery: 0,
      signal: report.signal,
    }
    const result = run(problem, method, options)
    evaluations = result.evaluations.value
    gradients = result.evaluations.gradient
    points.push(result.snapshot === null ? result.x : standing(result.snapshot.state))
    if (seed % 5 === 0) await breathe()
  }
  const distances = points.map((x) => Math.hypot(...x)).sort((a, b) => a - b)
  return {
    points,
    distances,
    within: distances.filter((d) => d <= radius).length / seeds.length,
    evaluations,
    gradients,
    ms: performance.now() - began,
  }
}

/** Lets the page or the terminal draw, and an abort arrive. */
const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

const median = (sorted: readonly number[]): number => sorted[sorted.length >> 1]
const percent = (fraction: number): string => `${Math.round(100 * fraction)} %`

/** The path of the consensus point or walker in the plane. */
async function path(
  report: Report,
  method: AnyMethod,
  seed: number,
  iterations: number,
  every: number,
): Promise<{ x: number[]; y: number[] }> {
  const x: number[] = []
  const y: number[] = []
  run(canyon(), method, {
    seed,
    tolerance: 0,
    maxIterations: iterations,
    traceEvery: 0,
    signal: report.signal,
    onIteration(iterate) {
      if (iterate.iteration % every !== 0) return
      const at = standing(iterate.snapshot().state)
      x.push(at[0])
      y.push(at[1])
    },
  })
  await breathe()
  return { x, y }
}

export default defineExperiment({
  slug: 'consensus-based-optimization',
  parameters: {
    runs: integer<number>(50, 'seeds per setting', { min: 4, max: 1000 }),
    iterations: integer<number>(250, 'iterations on the canyon', { min: 10, max: 5000 }),
    langevinSteps: integer<number>(10_000, 'gradient steps on the canyon', { min: 100, max: 100_000 }),
    horizon: positive<number>(20, 'end time T on Rastrigin'),
  },
  quick: { runs: 12, horizon: 20 },

  async run({ runs, iterations, langevinSteps, horizon }, report, seed) {
    const claims: Claim[] = []
    const claim = (made: Claim): void => {
      claims.push(made)
    }
    const seeds = Array.from({ length: runs }, (_, k) => 1000 * seed + k)
    const problem = canyon()
    const radius = 0.5

    // The canyon: who reaches the global minimum at the origin from (8, 8).
    const settings: [string, AnyMethod, number][] = [
      ['CBO, sigma 1.6 (Fig. 1)', cbo(particlesOfFigureOne), iterations],
      ['CBO, drift before noise', cbo({ ...particlesOfFigureOne, splitting: true }), iterations],
      ['CBO, anisotropic', cbo({ ...particlesOfFigureOne, noise: 'anisotropic' }), iterations],
      ['CBO, sigma 0.4', cbo({ ...particlesOfFigureOne, diffusion: 0.4 }), iterations],
      ['CBO, N = 50', cbo({ ...particlesOfFigureOne, particles: 50 }), iterations],
      ['CBO, batches of 50', cbo({ ...particlesOfFigureOne, batchSize: 50 }), iterations],
      ['hopping, sigma 0.7 (Fig. 2a)', hopping(samplesOfFigureTwo), iterations],
      ['hopping, alpha = 1e15', hopping({ ...samplesOfFigureTwo, alpha: 1e15 }), iterations],
      ['hopping, sigma 0.4', hopping({ ...samplesOfFigureTwo, width: 0.4 }), iterations],
      ['annealed Langevin (Fig. 2c)', langevin(), langevinSteps],
    ]
    const ends: Ends[] = []
    for (const [index, [label, method, steps]] of settings.entries()) {
      report.progress(0.3 * (index / settings.length), `canyon: ${label}`)
      ends.push(await manySeeds(report, problem, method, seeds, steps, radius))
    }
    const descent = run(problem, gradientDescent({ stepSize: 1e-3 }), {
      tolerance: 0,
      maxIterations: langevinSteps,
      traceEvery: 0,
      signal: report.signal,
    })
    report.table({
      title: `Noisy canyon from (8, 8), ${runs} seeds: final points within ${radius} of the minimizer`,
      columns: ['method', 'success', 'median distance', 'values', 'gradients', 'ms a run'],
      rows: [
        ...settings.map(([label], k): (string | number)[] => [
          label,
          percent(ends[k].within),
          median(ends[k].distances).toFixed(3),
          ends[k].evaluations,
          ends[k].gradients,
          (ends[k].ms / runs).toFixed(1),
        ]),
        [
          'gradient descent (Fig. 2b)',
          Math.hypot(...descent.x) <= radius ? '100 %' : '0 %',
          Math.hypot(...descent.x).toFixed(3),
          descent.evaluations.value,
          descent.evaluations.gradient,
          descent.elapsedMs.toFixed(1),
        ],
      ],
    })
    const [figureOne, split, , quietCbo, few, , figureTwo, greedy, quietHop, walker] = ends
    claim({
      id: 'crosses-barriers',
      statement: 'CBO reaches the global minimizer of the noisy canyon past its local minima and barrier.',
      paper: 'all 50 runs of Fig. 1 (reference code: 50 of 50)',
      measured: `${percent(figureOne.within)} of ${runs} runs, median distance ${median(figureOne.distances).toFixed(3)}; ${percent(split.within)} with the drift before the noise`,
      threshold: '>= 90 % of the runs within 0.5',
      holds: figureOne.within >= 0.9,
    })
    claim({
      id: 'values-only',
      statement: 'CBO needs function values only: N (K + 1) of them for K steps with N particles.',
      paper: '200 values a step and no gradient',
      measured: `${figureOne.evaluations} values, ${figureOne.gradients} gradients`,
      threshold: `${200 * (iterations + 1)} values, 0 gradients`,
      holds: figureOne.evaluations === 200 * (iterations + 1) && figureOne.gradients === 0,
    })
    claim({
      id: 'hopping-crosses-barriers',
      statement: 'Consensus hopping reaches it too, with more scatter than CBO.',
      paper: 'Fig. 2(a) (reference code: 98 %, median distance 0.12; 100 % with alpha = 1e15)',
      measured: `${percent(figureTwo.within)}, median distance ${median(figureTwo.distances).toFixed(3)} against ${median(figureOne.distances).toFixed(3)}; ${percent(greedy.within)} with alpha = 1e15`,
      threshold: '>= 85 %, larger median distance than CBO, >= 95 % with alpha = 1e15',
      holds:
        figureTwo.within >= 0.85 && median(figureTwo.distances) > median(figureOne.distances) && greedy.within >= 0.95,
    })
    claim({
      id: 'noise-and-particles-are-needed',
      statement:
        'What crosses the barriers is the noise of many particles: with little noise both schemes stay behind.',
      paper: 'reference code: 0 % for sigma = 0.4 in both schemes, 66 % for CBO with 50 instead of 200 particles',
      measured: `CBO ${percent(quietCbo.within)} (sigma 0.4) and ${percent(few.within)} (N = 50) against ${percent(figureOne.within)}; hopping ${percent(quietHop.within)} (sigma 0.4) against ${percent(figureTwo.within)}`,
      threshold: 'sigma 0.4: <= 10 % in both; N = 50 below N = 200',
      holds: quietCbo.within <= 0.1 && quietHop.within <= 0.1 && few.within < figureOne.within,
    })
    claim({
      id: 'gradient-descent-is-stuck',
      statement: 'Gradient descent from (8, 8) ends in a local minimum.',
      paper: 'Fig. 2(b): stuck at (2.336, 2.466), value 3.862',
      measured: `(${descent.x[0].toFixed(3)}, ${descent.x[1].toFixed(3)}), value ${descent.objective.toFixed(3)}`,
      threshold: 'within 0.01 of (2.336, 2.466)',
      holds: Math.hypot(descent.x[0] - 2.336, descent.x[1] - 2.466) <= 0.01,
    })
    claim({
      id: 'better-than-langevin',
      statement: 'Annealed Langevin dynamics, with gradients, gets across in part of the runs only.',
      paper: 'Fig. 2(c); 20 % within 0.5 after 10,000 steps (10 seeds of the reference code)',
      measured: `${percent(walker.within)} against ${percent(figureOne.within)} for CBO`,
      threshold: 'CBO at least 40 points more',
      holds: figureOne.within - walker.within >= 0.4,
    })

    // The pictures of the paper: paths of the consensus points.
    report.progress(0.32, 'paths')
    const some = seeds.slice(0, 3)
    const pathsOf = async (label: string, method: AnyMethod, steps: number, every: number) => {
      const series = []
      for (const one of some) series.push({ label: `seed ${one}`, ...(await path(report, method, one, steps, every)) })
      report.chart({ title: label, kind: 'line', x: { label: 'x' }, y: { label: 'y' }, series })
    }
    await pathsOf('Path of the consensus point, CBO (Fig. 1)', cbo(particlesOfFigureOne), iterations, 1)
    await pathsOf('Path of the hop point, consensus hopping (Fig. 2a)', hopping(samplesOfFigureTwo), iterations, 1)
    report.chart({
      title: 'Path of gradient descent (Fig. 2b)',
      kind: 'line',
      x: { label: 'x' },
      y: { label: 'y' },
      series: [
        {
          label: 'gradient descent',
          ...(await path(report, gradientDescent({ stepSize: 1e-3 }) as unknown as AnyMethod, 0, langevinSteps, 20)),
        },
      ],
    })
    await pathsOf('Path of annealed Langevin dynamics (Fig. 2c)', langevin(), langevinSteps, 20)
    report.chart({
      title: 'Final points on the noisy canyon',
      kind: 'points',
      x: { label: 'x' },
      y: { label: 'y' },
      series: [0, 6, 9].map((k) => ({
        label: settings[k][0],
        x: ends[k].points.map((x) => x[0]),
        y: ends[k].points.map((x) => x[1]),
      })),
    })

    // Success over the size of the noise and the number of particles.
    const sigmas = [0.2, 0.4, 0.8, 1.2, 1.6, 2]
    const sizes = [25, 50, 100, 200]
    const quarter = seeds.slice(0, Math.max(4, Math.ceil(runs / 2)))
    const bySigma: number[] = []
    const bySize: number[] = []
    for (const [index, diffusion] of sigmas.entries()) {
      report.progress(0.35 + 0.05 * (index / sigmas.length), `success over sigma: ${diffusion}`)
      const method = cbo({ ...particlesOfFigureOne, diffusion })
      bySigma.push((await manySeeds(report, problem, method, quarter, iterations, radius)).within)
    }
    for (const [index, particles] of sizes.entries()) {
      report.progress(0.4 + 0.03 * (index / sizes.length), `success over N: ${particles}`)
      const method = cbo({ ...particlesOfFigureOne, particles })
      bySize.push((await manySeeds(report, problem, method, quarter, iterations, radius)).within)
    }
    report.chart({
      title: 'Success of CBO on the noisy canyon over the noise',
      kind: 'line',
      x: { label: 'sigma' },
      y: { label: 'part of the runs within 0.5' },
      series: [{ label: 'N = 200', x: sigmas, y: bySigma }],
    })
    report.chart({
      title: 'Success of CBO on the noisy canyon over the number of particles',
      kind: 'line',
      x: { label: 'N', scale: 'log' },
      y: { label: 'part of the runs within 0.5' },
      series: [{ label: 'sigma = 1.6', x: sizes, y: bySize }],
    })

    // Rastrigin in four dimensions: isotropic against anisotropic noise.
    const rastrigin = mildRastrigin()
    const timeStep = 0.02
    const steps = Math.round(horizon / timeStep)
    const rows: (string | number)[][] = []
    const reached = new Map<string, number>()
    const kinds = ['anisotropic', 'isotropic'] as const
    const variances = [0.4, 1.6, 4]
    const values = 100 * (steps + 1)
    for (const [k, noise] of kinds.entries()) {
      for (const [j, variance] of variances.entries()) {
        report.progress(0.45 + 0.45 * ((3 * k + j) / 6), `Rastrigin: ${noise}, sigma^2 = ${variance}`)
        const method = cbo({
          particles: 100,
          diffusion: Math.sqrt(variance),
          alpha: 100,
          timeStep,
          noise,
          initialSpread: 4,
        })
        const { points, ms } = await manySeeds(report, rastrigin, method, seeds, steps, Infinity)
        const objectives = points.map((x) => rastrigin.value(x))
        const success = objectives.filter((f) => f < 0.8).length / runs
        reached.set(`${noise} ${variance}`, success)
        const sorted = [...objectives].sort((a, b) => (Number.isNaN(a) ? 1 : Number.isNaN(b) ? -1 : a - b))
        rows.push([noise, variance, percent(success), median(sorted).toPrecision(3), (ms / runs).toFixed(0)])
      }
    }
    let lucky = 0
    for (const one of seeds) {
      const method = randomSearch({ spread: 4 })
      const result = run(rastrigin, method, {
        seed: one,
        tolerance: 0,
        traceEvery: 0,
        maxEvaluations: values,
        maxIterations: Infinity,
        signal: report.signal,
      })
      if (result.objective < 0.8) lucky++
      await breathe()
    }
    rows.push([`random search, ${values} values`, '', percent(lucky / runs), '', ''])
    report.table({
      title: `Rastrigin of factor 2.5 in 4 dimensions, N = 100, T = ${horizon}, ${runs} seeds: E(consensus) < 0.8`,
      columns: ['noise', 'sigma^2', 'success', 'median E', 'ms a run'],
      rows,
    })
    const part = (key: string): number => reached.get(key) ?? Number.NaN
    claim({
      id: 'anisotropic-noise-scales',
      statement: 'In four dimensions anisotropic noise finds the minimum at noise levels where isotropic noise fails.',
      paper: 'reference numbers: anisotropic 56, 92, 98 % and isotropic 80, 18, 2 % for sigma^2 = 0.4, 1.6, 4',
      measured: `anisotropic ${variances.map((v) => percent(part(`anisotropic ${v}`))).join(', ')}; isotropic ${variances.map((v) => percent(part(`isotropic ${v}`))).join(', ')}`,
      threshold: 'anisotropic(1.6) >= 80 %, isotropic(1.6) <= 45 %, anisotropic(4) > anisotropic(0.4)',
      holds:
        part('anisotropic 1.6') >= 0.8 &&
        part('isotropic 1.6') <= 0.45 &&
        part('anisotropic 4') > part('anisotropic 0.4'),
    })

    // The gradient behind the consensus: hops against the gradient, and the proximal step.
    report.progress(0.92, 'hops and gradients')
    const gradientClaims = await hopsFollowGradients(report, seed)
    for (const made of gradientClaims) claim(made)

    // The spread of the particles on a constant objective.
    report.progress(0.95, 'contraction')
    claim(contraction(report, seed))
    report.progress(1, 'done')
    return claims
  },
})

/** First hop points from `start` for many seeds. */
function hops(
  value: (x: Float64Array) => number,
  start: readonly number[],
  options: ConsensusHoppingOptions,
  seeds: number,
  seed: number,
): Float64Array[] {
  const problem = smoothProblem({ dimension: start.length, value, start })
  const method = consensusHopping({ annealing: 'none', ...options })
  return Array.from({ length: seeds }, (_, k) => {
    const { snapshot } = run(problem, method, { seed: 1000 * seed + k, maxIterations: 0, tolerance: 0, traceEvery: 0 })
    return ((snapshot as Snapshot).state as HoppingState).consensus
  })
}

async function hopsFollowGradients(report: Report, seed: number): Promise<Claim[]> {
  const alpha = 2
  const widths = [0.05, 0.1, 0.2, 0.4, 0.8]
  const start = [1, -0.7]
  const gradient = [start[0], 4 * start[1]]
  const size = Math.hypot(...gradient)
  const value = (x: Float64Array): number => (x[0] * x[0] + 4 * x[1] * x[1]) / 2
  const cosines: number[] = []
  const ratios: number[] = []
  for (const width of widths) {
    let cosine = 0
    let ratio = 0
    const points = hops(value, start, { samples: 20_000, width, alpha }, 12, seed)
    for (const x of points) {
      const hop = [x[0] - start[0], x[1] - start[1]]
      const length = Math.hypot(...hop)
      cosine -= (hop[0] * gradient[0] + hop[1] * gradient[1]) / (length * size) / points.length
      ratio += length / (alpha * width * width * size) / points.length
    }
    cosines.push(cosine)
    ratios.push(ratio)
    await breathe()
  }
  report.table({
    title: 'One hop on (x^2 + 4 y^2) / 2, alpha = 2, N = 20,000: along the gradient?',
    columns: ['sigma', 'tau = alpha sigma^2', 'cosine with -grad E', 'length / (tau |grad E|)'],
    rows: widths.map((width, k) => [width, alpha * width * width, cosines[k].toFixed(4), ratios[k].toFixed(3)]),
  })
  report.chart({
    title: 'Length of a hop relative to the gradient step tau |grad E|',
    kind: 'line',
    x: { label: 'sigma', scale: 'log' },
    y: { label: 'ratio' },
    series: [{ label: 'alpha = 2, N = 20,000', x: widths, y: ratios }],
  })
  const at = widths.indexOf(0.1)

  // The proximal step: on (a/2)|x|^2 the mean hop is to x / (1 + alpha a s^2).
  const [a, sharp, width] = [1, 4, 0.5]
  const proximal = hops(
    (x) => (a / 2) * (x[0] * x[0] + x[1] * x[1]),
    [1, -2],
    { samples: 2000, width, alpha: sharp },
    40,
    seed,
  )
  const mean = [0, 1].map((j) => proximal.reduce((sum, x) => sum + x[j], 0) / proximal.length)
  const factor = 1 / (1 + sharp * a * width * width)
  return [
    {
      id: 'hops-follow-the-gradient',
      statement:
        'The consensus point moves along the negative gradient by about alpha sigma^2 |grad E|: a gradient descent step.',
      paper: 'x_k = x_(k-1) - tau grad E(x_(k-1)) + small, tau = alpha sigma^2 (reference: cosine 0.997, ratio 0.90)',
      measured: `cosine ${cosines[at].toFixed(4)}, length ratio ${ratios[at].toFixed(3)} at sigma = 0.1`,
      threshold: 'cosine >= 0.98, ratio in [0.8, 1]',
      holds: cosines[at] >= 0.98 && ratios[at] >= 0.8 && ratios[at] <= 1,
    },
    {
      id: 'hops-are-proximal-steps',
      statement: 'The mean hop on a quadratic is the implicit gradient (proximal) step.',
      paper: `from (1, -2) to (${factor}, ${-2 * factor})`,
      measured: `(${mean[0].toFixed(4)}, ${mean[1].toFixed(4)})`,
      threshold: 'within 0.015',
      holds: Math.hypot(mean[0] - factor, mean[1] + 2 * factor) <= 0.015,
    },
  ]
}

/** Spread of the particles per step on a constant objective against the law. */
function contraction(report: Report, seed: number): Claim {
  const [lambda, sigma, timeStep, particles] = [1, 0.7, 0.1, 100]
  const cases = [
    ['isotropic', 5],
    ['isotropic', 20],
    ['anisotropic', 5],
    ['anisotropic', 20],
  ] as const
  const rows: (string | number)[][] = []
  let worst = 0
  for (const [noise, n] of cases) {
    const flat = smoothProblem({ dimension: n, value: () => 1, start: new Float64Array(n) })
    const method = consensusBasedOptimization({ particles, diffusion: sigma, timeStep, noise, drift: lambda })
    const law =
      (1 - lambda * timeStep) ** 2 + (noise === 'isotropic' ? n : 1) * sigma ** 2 * timeStep * (1 - 1 / particles)
    const runs = 200
    let sum = 0
    let squares = 0
    for (let k = 0; k < runs; k++) {
      const { trace } = run(flat, method, { seed: 1000 * seed + k, maxIterations: 1, tolerance: 0 })
      const ratio = trace.columns.variance[1] / trace.columns.variance[0]
      sum += ratio
      squares += ratio * ratio
    }
    const mean = sum / runs
    const error = Math.sqrt(Math.max(squares / runs - mean * mean, 0) / runs)
    worst = Math.max(worst, Math.abs(mean - law) / error)
    rows.push([noise, n, law.toFixed(5), mean.toFixed(5), error.toFixed(5)])
  }
  report.table({
    title: 'Growth of sum |X - mean|^2 in one step, constant objective (sigma 0.7, dt 0.1, N = 100)',
    columns: ['noise', 'd', 'law', 'measured', 'standard error'],
    rows,
  })
  return {
    id: 'contraction-law',
    statement:
      'Isotropic noise contracts the particles only for d sigma^2 < 2 lambda; with anisotropic noise the dimension does not matter.',
    paper: '(1 - lambda dt)^2 + d sigma^2 dt (1 - 1/N), without the d for anisotropic noise',
    measured: `at most ${worst.toFixed(1)} standard errors away; ${rows.map((row) => `${row[0]} d = ${row[1]}: ${row[3]}`).join(', ')}`,
    threshold: 'within 3.5 standard errors',
    holds: worst <= 3.5,
  }
}
