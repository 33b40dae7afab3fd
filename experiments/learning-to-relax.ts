import { integer, RandomStream } from '../src/base/index.ts'
import { betaSample } from '../src/online/index.ts'
import {
  asymptoticTau,
  cgSolver,
  fixedParameter,
  formulaParameter,
  heatEquation,
  learnedParameter,
  optimalRelaxation,
  type ParameterChooser,
  type ParametricSolver,
  poisson,
  relaxationBound,
  relaxationGrid,
  type SequenceResult,
  type SystemSequence,
  shiftedSystems,
  solveSequence,
  sorSolver,
  ssorCgSolver,
} from '../src/systems/index.ts'
import { type Chart, type Claim, defineExperiment, type Report } from './experiment.ts'

/** Shifts for which A + c I stays positive definite, and the interval that the contextual learners are told. */
const CONTEXTS = [-0.15, 0.65] as const
/** Jacobi radius of the Laplacian on 10 x 10 points. */
const BETA = Math.cos(Math.PI / 11)
/** Rounds and steps for which the thresholds of the claims are stated. */
const FULL_ROUNDS = 5000
const FULL_STEPS = 1000

/** Where the progress bar stands, and a pause for whoever wants to draw it. */
async function pause(report: Report, fraction: number, doing: string): Promise<void> {
  report.progress(fraction, doing)
  await new Promise((resolve) => setTimeout(resolve, 0))
  report.signal.throwIfAborted()
}

function meanOver(values: Float64Array, from = 0): number {
  let sum = 0
  for (let i = from; i < values.length; i++) sum += values[i]
  return sum / (values.length - from)
}

/** At most 200 points of a running sum. */
function cumulative(label: string, costs: Float64Array): Chart['series'][number] {
  const stride = Math.max(1, Math.ceil(costs.length / 200))
  const x: number[] = []
  const y: number[] = []
  let sum = 0
  costs.forEach((cost, i) => {
    sum += cost
    if ((i + 1) % stride !== 0 && i !== costs.length - 1) return
    x.push(i + 1)
    y.push(sum)
  })
  return { label, x, y }
}

/** Runs a chooser over all systems, or the first few, leaving the thread now and then. */
async function follow(
  report: Report,
  fraction: number,
  all: SystemSequence,
  solver: ParametricSolver,
  chooser: ParameterChooser<unknown>,
  { seed = 0, first = all.length }: { seed?: number; first?: number } = {},
): Promise<SequenceResult> {
  const systems = { length: first, system: all.system }
  await pause(report, fraction, chooser.name)
  let result = solveSequence(systems, solver, chooser, { seed, maxRounds: 500, signal: report.signal })
  while (result.status === 'partial') {
    await pause(report, fraction, chooser.name)
    result = solveSequence(systems, solver, chooser, { resume: result.state, maxRounds: 500, signal: report.signal })
  }
  return result
}

/** The iterations of SOR over the grid, and the bound that the theory puts in their place. */
async function costCurve(report: Report): Promise<Claim[]> {
  await pause(report, 0, 'cost of one solve against omega')
  const matrix = poisson(10, 10)
  const rightHandSide = new Float64Array(100).fill(1)
  const costs: number[] = []
  const bounds: number[] = []
  for (const omega of relaxationGrid) {
    const { iterations } = sorSolver().solve({ matrix, rightHandSide }, omega, new Float64Array(100))
    costs.push(iterations)
    bounds.push(relaxationBound(omega, BETA, asymptoticTau(matrix, omega, BETA, iterations - 1)))
  }
  report.chart({
    title: 'One solve: SOR iterations and their near-asymptotic bound',
    kind: 'line',
    x: { label: 'omega' },
    y: { label: 'iterations', scale: 'log' },
    series: [
      { label: 'iterations', x: relaxationGrid, y: costs },
      { label: 'bound U', x: relaxationGrid, y: bounds },
    ],
  })
  const loosest = Math.max(...bounds.map((bound, i) => bound / costs[i]))
  const tightest = Math.min(...bounds.map((bound, i) => bound / costs[i]))
  return [
    {
      id: 'bound-follows-cost',
      statement: 'The near-asymptotic bound lies above the iteration count for every omega, and follows it closely.',
      paper: 'Figure 1: the bound tracks the cost curve; the energy-norm bound is loose',
      measured: `bound / count between ${tightest.toFixed(3)} and ${loosest.toFixed(3)}`,
      threshold: 'between 1 and 2 for all 20 values of omega',
      holds: tightest > 1 && loosest <= 2,
    },
  ]
}

interface Family {
  readonly key: 'low' | 'high'
  readonly title: string
  readonly a: number
  readonly b: number
  /** The fixed omega that the paper compares Tsallis-INF with. */
  readonly reference: number
}

const families: readonly Family[] = [
  { key: 'low', title: 'low variance, c = -0.15 + 0.6 Beta(2, 6)', a: 2, b: 6, reference: 1.6 },
  { key: 'high', title: 'high variance, c = -0.15 + 0.6 Beta(1/2, 3/2)', a: 0.5, b: 1.5, reference: 1.8 },
]

/** (A + c_t I) x = b_t with A the Laplacian on 10 x 10 points: Figures 2 (centre left) and 5. */
async function shiftedFamily(
  report: Report,
  [begin, end]: readonly [number, number],
  family: Family,
  rounds: number,
  seed: number,
): Promise<Claim[]> {
  const random = RandomStream.fromSeed(seed).split(`shifts ${family.key}`)
  const shifts = Float64Array.from({ length: rounds }, () => -0.15 + 0.6 * betaSample(random, family.a, family.b))
  const systems = shiftedSystems(poisson(10, 10), shifts, seed)
  const choosers: [string, ParameterChooser<unknown>][] = [
    [
      'instance-optimal',
      formulaParameter('instance-optimal', ({ context }) =>
        optimalRelaxation((4 * BETA) / (4 + (context as number))),
      ) as ParameterChooser<unknown>,
    ],
    ['ChebCB', learnedParameter({ policy: 'cheb-cb', contexts: CONTEXTS }) as ParameterChooser<unknown>],
    ['Tsallis-INF-CB', learnedParameter({ policy: 'tsallis-inf-cb', contexts: CONTEXTS }) as ParameterChooser<unknown>],
    ['Tsallis-INF', learnedParameter() as ParameterChooser<unknown>],
    ...[1, 1.2, 1.4, 1.6, 1.8].map((omega): [string, ParameterChooser<unknown>] => [
      `omega = ${omega}`,
      fixedParameter(omega) as ParameterChooser<unknown>,
    ]),
  ]
  const results = new Map<string, SequenceResult>()
  for (const [index, [label, chooser]] of choosers.entries()) {
    const fraction = begin + ((end - begin) * index) / choosers.length
    // The systems are independent draws, so a fifth of them is enough for the mean of a slow fixed omega.
    const first = /omega = 1(\.2|\.4)?$/.test(label) ? Math.ceil(rounds / 5) : rounds
    results.set(label, await follow(report, fraction, systems, sorSolver(), chooser, { seed, first }))
  }
  const mean = (label: string): number => meanOver((results.get(label) as SequenceResult).costs)
  const late = (label: string): number => {
    const { costs } = results.get(label) as SequenceResult
    return meanOver(costs, Math.floor(costs.length / 2))
  }

  report.chart({
    title: `SOR iterations over ${rounds} systems, ${family.title}`,
    kind: 'line',
    x: { label: 'systems solved' },
    y: { label: 'total iterations' },
    series: choosers.map(([label]) => cumulative(label, (results.get(label) as SequenceResult).costs)),
  })
  report.table({
    title: `Mean SOR iterations per system, ${family.title}`,
    columns: ['omega chosen by', 'systems', 'mean', 'mean of second half', 'failures'],
    rows: choosers.map(([label]) => [
      label,
      (results.get(label) as SequenceResult).costs.length,
      Number(mean(label).toFixed(1)),
      Number(late(label).toFixed(1)),
      (results.get(label) as SequenceResult).failures.length,
    ]),
  })
  const chosen = (label: string) => {
    const from = Math.max(Math.floor(rounds / 2), rounds - 400)
    const { parameters } = results.get(label) as SequenceResult
    return { label, x: shifts.slice(from), y: parameters.slice(from) }
  }
  report.chart({
    title: `omega against the shift at the end, ${family.title}`,
    kind: 'points',
    x: { label: 'shift c' },
    y: { label: 'omega' },
    series: [chosen('Tsallis-INF'), chosen('ChebCB'), chosen('instance-optimal')],
  })

  const short = rounds < FULL_ROUNDS ? `the thresholds are for ${FULL_ROUNDS} systems; this run had ${rounds}` : ''
  const claim = (
    id: string,
    statement: string,
    paper: string,
    ratio: number,
    limit: number,
    what: string,
    otherwise = '',
  ): Claim => {
    const note = [short, otherwise].filter((part) => part !== '').join('; ')
    return {
      id: `${family.key}-variance-${id}`,
      statement,
      paper,
      measured: `${ratio.toFixed(3)} x ${what}`,
      threshold: `<= ${limit.toFixed(2)} x ${what}`,
      holds: ratio <= limit,
      ...(ratio > limit && note !== '' && { note }),
    }
  }
  const reference = `omega = ${family.reference}`
  const steep =
    family.key === 'high'
      ? 'many shifts lie near -0.15, where A + c I is nearly singular and costs rise too steeply for six coefficients'
      : ''
  const claims = [
    claim(
      'chebcb-near-optimal',
      `ChebCB comes close to the instance-optimal omega (${family.key} variance).`,
      'Figure 5: ChebCB close behind the instance-optimal policy',
      mean('ChebCB') / mean('instance-optimal'),
      1.2,
      'instance-optimal',
      steep,
    ),
    claim(
      'chebcb-near-optimal-late',
      `ChebCB comes closer still in the second half (${family.key} variance).`,
      'Figure 5: the gap closes with time',
      late('ChebCB') / late('instance-optimal'),
      1.12,
      'instance-optimal',
      steep,
    ),
    claim(
      'tsallis-near-fixed',
      `Tsallis-INF does about as well as the good fixed ${reference} (${family.key} variance).`,
      `Figure 5: Tsallis-INF similar to ${reference}`,
      mean('Tsallis-INF') / mean(reference),
      1.12,
      reference,
      `exploring costs more where bad omegas take hundreds of iterations; in the second half the ratio is ${(late('Tsallis-INF') / late(reference)).toFixed(3)}`,
    ),
  ]
  if (family.key === 'low') {
    claims.push(
      claim(
        'tsallis-near-fixed-late',
        'Tsallis-INF matches the good fixed omega = 1.6 in the second half.',
        'Figure 5: Tsallis-INF similar to omega = 1.6',
        late('Tsallis-INF') / late(reference),
        1.05,
        reference,
      ),
      claim(
        'chebcb-beats-fixed',
        'ChebCB beats the good fixed omega = 1.6 clearly.',
        'Figure 5: instance-optimal and ChebCB well below omega = 1.6',
        mean('ChebCB') / mean(reference),
        0.8,
        reference,
      ),
      claim(
        'tsallis-beats-default',
        'Tsallis-INF is far better than Gauss-Seidel (omega = 1).',
        'Figure 5: omega in {1, 1.2, 1.4} far worse',
        mean('Tsallis-INF') / mean('omega = 1'),
        0.3,
        'omega = 1',
      ),
    )
  }
  return claims
}

/** Crank-Nicolson steps of a heat equation by SSOR-CG: Figure 2 (centre right). */
async function heat(
  report: Report,
  [begin, end]: readonly [number, number],
  cells: number,
  steps: number,
  repeats: number,
  seed: number,
): Promise<Claim[]> {
  const systems = heatEquation({ cells, steps })
  const solver = ssorCgSolver()
  const at = (share: number): number => begin + (end - begin) * share
  const vanilla = await follow(report, at(0), systems, cgSolver(), fixedParameter(1) as ParameterChooser<unknown>)
  const totals: number[] = []
  const runs: SequenceResult[] = []
  let fixedResult = vanilla
  let best = 0
  for (const [i, omega] of relaxationGrid.entries()) {
    const chooser = fixedParameter(omega) as ParameterChooser<unknown>
    const result = await follow(report, at(0.05 + 0.7 * (i / relaxationGrid.length)), systems, solver, chooser)
    totals.push(result.total)
    runs.push(result)
    if (i > 0 && result.total >= totals[best]) continue
    best = i
    fixedResult = result
  }
  // The solution of a step does not depend on omega beyond the tolerance, so the fixed runs tell the best omega of each step.
  const oracle = Float64Array.from(fixedResult.costs, (_, t) => Math.min(...runs.map(({ costs }) => costs[t])))
  const { contexts } = systems
  const policies = [
    ['ChebCB', () => learnedParameter({ policy: 'cheb-cb', contexts, resolution: 6 })],
    ['Tsallis-INF', () => learnedParameter()],
    ['Tsallis-INF-CB', () => learnedParameter({ policy: 'tsallis-inf-cb', contexts, resolution: 6 })],
  ] as const
  const learned = new Map<string, SequenceResult[]>()
  for (const [p, [label, make]] of policies.entries()) {
    const repeated: SequenceResult[] = []
    for (let r = 0; r < repeats; r++) {
      const share = 0.75 + 0.25 * ((p + r / repeats) / policies.length)
      const chooser = make() as ParameterChooser<unknown>
      repeated.push(await follow(report, at(share), systems, solver, chooser, { seed: seed + r }))
    }
    learned.set(label, repeated)
  }
  const runsOf = (label: string): SequenceResult[] => learned.get(label) as SequenceResult[]
  const mean = (label: string): number => runsOf(label).reduce((sum, { total }) => sum + total, 0) / repeats

  const fixedLabel = `best fixed omega, ${relaxationGrid[best]}`
  report.chart({
    title: `SSOR-CG iterations over ${steps} steps of a heat equation, ${(cells - 1) ** 2} unknowns`,
    kind: 'line',
    x: { label: 'time step' },
    y: { label: 'total iterations' },
    series: [
      cumulative('CG without preconditioner', vanilla.costs),
      cumulative(fixedLabel, fixedResult.costs),
      cumulative('best on the grid for each step', oracle),
      ...policies.map(([label]) => cumulative(label, runsOf(label)[0].costs)),
    ],
  })
  report.chart({
    title: 'Total SSOR-CG iterations against a fixed omega',
    kind: 'line',
    x: { label: 'omega' },
    y: { label: 'total iterations' },
    series: [{ label: 'fixed omega', x: relaxationGrid, y: totals }],
  })
  const each = (label: string): string =>
    runsOf(label)
      .map(({ total }) => total)
      .join(', ')
  report.table({
    title: `Total iterations over ${steps} steps, ${(cells - 1) ** 2} unknowns`,
    columns: ['omega chosen by', 'total', 'each run'],
    rows: [
      ['CG without preconditioner', vanilla.total, ''],
      ['omega = 1 (Gauss-Seidel)', totals[0], ''],
      ['omega = 1.5', totals[relaxationGrid.indexOf(1.5)], ''],
      [fixedLabel, totals[best], ''],
      ['best on the grid for each step', oracle.reduce((sum, cost) => sum + cost, 0), ''],
      ...policies.map(([label]) => [label, Math.round(mean(label)), each(label)]),
    ],
  })

  const note =
    steps < FULL_STEPS || cells !== 25
      ? { note: `the thresholds are for 25 cells and ${FULL_STEPS} steps; this run had ${cells} and ${steps}` }
      : {}
  const worst = Math.max(...policies.map(([label]) => mean(label))) / vanilla.total
  const chebyshev = mean('ChebCB') / totals[best]
  const tsallis = mean('Tsallis-INF') / totals[best]
  const again = (count: string): string => `${count} (mean of ${repeats} ${repeats === 1 ? 'run' : 'runs'})`
  return [
    {
      id: 'heat-chebcb-beats-best-fixed',
      statement: 'ChebCB beats the best fixed omega in hindsight on the heat equation.',
      paper: 'Figure 2: ChebCB below the best fixed omega in most cases',
      measured: again(`${chebyshev.toFixed(3)} x best fixed`),
      threshold: '<= 0.93 x best fixed',
      holds: chebyshev <= 0.93,
      ...(chebyshev > 0.93 && note),
    },
    {
      id: 'heat-tsallis-near-best-fixed',
      statement: 'Tsallis-INF comes close to the best fixed omega in hindsight, which it does not know.',
      paper: 'Theorem 2.2: sublinear regret against the best fixed omega',
      measured: again(`${tsallis.toFixed(3)} x best fixed`),
      threshold: '<= 1.08 x best fixed',
      holds: tsallis <= 1.08,
      ...(tsallis > 1.08 && note),
    },
    {
      id: 'heat-learners-beat-default',
      statement: 'Tsallis-INF and ChebCB need fewer iterations than omega = 1.',
      paper: 'Figure 2: both learners beat omega = 1',
      measured: again(
        `${(mean('Tsallis-INF') / totals[0]).toFixed(3)} and ${(mean('ChebCB') / totals[0]).toFixed(3)} x omega = 1`,
      ),
      threshold: '< 1 x omega = 1',
      holds: mean('Tsallis-INF') < totals[0] && mean('ChebCB') < totals[0],
      ...note,
    },
    {
      id: 'heat-learners-beat-cg',
      statement: 'All learners need far fewer iterations than conjugate gradients without preconditioner.',
      paper: 'Figure 2: both learners beat vanilla CG',
      measured: again(`at most ${worst.toFixed(3)} x CG`),
      threshold: '< 0.45 x CG',
      holds: worst < 0.45,
      ...(worst >= 0.45 && note),
    },
  ]
}

/** The smallest T at which the bound of Theorem 2.2 allows at most ln(1 / eps) extra iterations per system. */
function roundsUntilCheap(tau: number, beta: number, tolerance: number): number {
  const omega = optimalRelaxation(beta)
  const alpha = Math.log(tau + (1 - tau) * Math.max(beta * beta, omega - 1))
  const most = Math.log(tolerance) / alpha
  const extra = (T: number): number => {
    const d = Math.cbrt(T / 2 / alpha ** 2)
    return 2 * most * Math.sqrt((2 * d) / T) - Math.log(tolerance) / (d * alpha ** 2)
  }
  let low = 1
  let high = 1e9
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (extra(middle) <= -Math.log(tolerance)) high = middle
    else low = middle
  }
  return high
}

export default defineExperiment({
  slug: 'learning-to-relax',
  parameters: {
    rounds: integer<number>(FULL_ROUNDS, 'systems in each shifted family', { min: 10, max: 50_000 }),
    cells: integer<number>(25, 'cells per side of the heat equation', { min: 3, max: 200 }),
    steps: integer<number>(FULL_STEPS, 'time steps of the heat equation', { min: 10, max: 5000 }),
    repeats: integer<number>(3, 'runs of each learner on the heat equation', { min: 1, max: 40 }),
  },
  quick: { rounds: 800, cells: 12, repeats: 1 },

  async run({ rounds, cells, steps, repeats }, report, seed) {
    const claims = await costCurve(report)
    claims.push(...(await shiftedFamily(report, [0.02, 0.35], families[0], rounds, seed)))
    claims.push(...(await shiftedFamily(report, [0.35, 0.72], families[1], rounds, seed)))
    claims.push(...(await heat(report, [0.72, 1], cells, steps, repeats, seed)))
    const T = roundsUntilCheap(0.2, 0.9, 1e-8)
    claims.push({
      id: 'constant-of-the-bound',
      statement: 'With tau = 0.2 and beta = 0.9 the regret bound allows at most ln(1/eps) extra iterations per system.',
      paper: 'after about 73,000 systems',
      measured: `after ${T} systems`,
      threshold: 'within 1 % of 73,000',
      holds: Math.abs(T / 73_000 - 1) <= 0.01,
    })
    report.progress(1, 'done')
    return claims
  },
})
