import { builtSlugs, loadExperiment } from '../../../experiments/index.ts'
import { compile, concatenate, constant, type Node, softplus, sqrt, square, sum } from '../../autodiff/index.ts'
import { checked } from '../../base/index.ts'
import { cmaEs } from '../../blackbox/index.ts'
import { type Chart, type ChartSeries, formatNumber } from '../../drawing/index.ts'
import { bindModel, fitChart } from '../../inputs/index.ts'
import { gradientDescent, lbfgs, newton, problemFromGraph, rosenbrock } from '../../smooth/index.ts'
import {
  type AsyncMethod,
  type Problem,
  type Result,
  type RunOptions,
  type SmoothProblem,
  smoothProblem,
  targetValue,
} from '../../solver/index.ts'
import { type CommonOptions, exitCodes, type Session } from '../session.ts'
import { solve } from '../solve.ts'
import { adsorption, shuttle } from '../tour-data.ts'
import { fitModel } from './fit.ts'

/** One stop of the tour under `--json`. */
interface Stop {
  readonly stop: string
  readonly status: string
  readonly method: string
  readonly iterations: number
  readonly objective: number
  readonly seconds: number
}

/** What a stop found, and whether that is what it should be. */
interface Found {
  readonly results: readonly Result<unknown>[]
  readonly solved: boolean
}

type TourStop = (session: Session, limits: RunOptions) => Promise<Found>

const anyMethod = (method: unknown): AsyncMethod<Problem> => method as AsyncMethod<Problem>

function fromExpression(
  name: string,
  dimension: number,
  f: (x: Node) => Node,
  rest: { start: ArrayLike<number>; lower?: ArrayLike<number>; upper?: ArrayLike<number> },
): SmoothProblem {
  return problemFromGraph(
    compile((x) => f(x), [{ shape: [dimension] }]),
    { name, ...rest },
  )
}

const valley: TourStop = async (session, limits) => {
  session.heading('1. A narrow valley')
  session.say(`
  Rosenbrock's function of 10 variables: a curved valley, flat at the bottom
  and steep at the sides. The same problem, the same limits, three methods. Each
  stops when the gradient, measured again at the point that it returns, is small
  enough; or it says why not.
`)
  const problem = rosenbrock(10)
  const methods = [gradientDescent(), lbfgs(), newton()]
  const series: ChartSeries[] = []
  const results: Result<unknown>[] = []
  for (const method of methods) {
    const result = await solve(session, problem as Problem, anyMethod(method), { ...limits, maxIterations: 1000 })
    const { iteration, gradientNorm } = result.trace.columns
    series.push({ label: method.name, x: iteration.map((k) => k + 1), y: gradientNorm })
    results.push(result)
  }
  session.chart({
    title: 'Gradient norm, iteration by iteration',
    kind: 'line',
    x: { label: 'iteration', scale: 'log' },
    y: { label: '', scale: 'log' },
    series,
  })
  session.table({
    title: '',
    columns: ['method', 'status', 'iterations', 'gradients', 'objective'],
    rows: results.map((r) => [r.method, r.status, r.iterations, r.evaluations.gradient, formatNumber(r.objective, 3)]),
  })
  // Gradient descent is there to be slow.
  return { results, solved: results.slice(1).every((result) => result.converged) }
}

const curve: TourStop = async (session, limits) => {
  session.heading('2. A curve through measurements')
  session.say(`
  How much gas a surface takes up at a given pressure: 14 measurements made at
  NIST, and a model with two unknowns. NIST publishes the answer to eleven
  digits.
`)
  const { pressure, volume, certified } = adsorption
  const columns = ['pressure', 'volume']
  const model = bindModel(
    {
      source: 'Misra1a',
      columns,
      cells: pressure.map((p, i) => [String(p), String(volume[i])]),
      lines: pressure.map((_, i) => i + 1),
    },
    { model: 'b1*(1-exp(-b2*pressure))', y: 'volume' },
  )
  const fit = await fitModel(session, model, Float64Array.of(500, 0.0001), limits, 'Misra1a')
  session.chart(fitChart(fit, 'Volume taken up, over pressure'), { height: 12 })
  const known = [certified.b1, certified.b2]
  session.table({
    title: '',
    columns: ['parameter', 'value', 'standard error', 'certified by NIST'],
    rows: fit.parameters.map(({ name, value, standardError }, j) => [
      name,
      formatNumber(value, 9),
      formatNumber(standardError, 4),
      formatNumber(known[j], 9),
    ]),
  })
  session.say('  Your own data: thalweg fit data.csv --model "a*(1-exp(-b*x))" --start=500,1e-4\n')
  return { results: [fit.result], solved: fit.result.converged }
}

const launch: TourStop = async (session, limits) => {
  session.heading('3. A probability')
  session.say(`
  The 23 flights of the space shuttle before January 1986: joint temperature at
  launch, and whether an O-ring suffered. How likely is damage at 31 F, the
  temperature of the last launch? Logistic regression, written as one formula;
  gradient and Hessian are derived from it and compiled.
`)
  const { temperature, distress, lastLaunch } = shuttle
  const t = constant(temperature)
  const y = constant(distress)
  const problem = fromExpression(
    'O-rings',
    2,
    (x) => {
      const score = t.mul(x.at(1)).add(x.at(0))
      return sum(softplus(score).sub(y.mul(score)))
    },
    { start: [0, 0] },
  )
  const result = await solve(session, problem as Problem, anyMethod(newton()), limits)
  const [a, b] = result.x as Float64Array
  const probability = (degrees: number): number => 1 / (1 + Math.exp(-(a + b * degrees)))
  const grid = Array.from({ length: 113 }, (_, i) => 28 + i / 2)
  session.chart(
    {
      title: 'Probability of O-ring distress',
      kind: 'points',
      x: { label: 'joint temperature at launch, F' },
      y: { label: '' },
      series: [
        { label: 'flights', x: temperature, y: distress },
        { label: 'model', mark: 'line', x: grid, y: grid.map(probability) },
        { label: 'at 31 F', x: [lastLaunch], y: [probability(lastLaunch)] },
      ],
    },
    { height: 12 },
  )
  session.paragraph(result.message)
  session.say(`  log-odds = ${formatNumber(a, 5)} - ${formatNumber(-b, 5)} * temperature`)
  session.say(`  Probability of damage at ${lastLaunch} F: ${(100 * probability(lastLaunch)).toFixed(2)} %\n`)
  return { results: [result], solved: result.converged }
}

const chain: TourStop = async (session, limits) => {
  session.heading('4. A hanging chain')
  session.say(`
  Sixty elastic links hang between two nails; where they come to rest, their
  energy is smallest. 118 variables, the gradient again from the formula.
`)
  const links = 60
  const n = links - 1
  const rest = 1.6 / links
  const stiffness = 2e3
  const weight = 1 / links
  const energy = (x: Node): Node => {
    const nail = (at: number): Node => constant([at])
    const across = concatenate([nail(0), x.slice([0, n]), nail(1)])
    const up = concatenate([nail(0), x.slice([n, 2 * n]), nail(0)])
    const steps = (part: Node): Node => part.slice([1, links + 1]).sub(part.slice([0, links]))
    const lengths = sqrt(square(steps(across)).add(square(steps(up))))
    return sum(square(lengths.sub(rest)))
      .mul(stiffness / 2)
      .add(sum(up).mul(weight))
  }
  const start = Float64Array.from({ length: 2 * n }, (_, i) =>
    i < n ? (i + 1) / links : -0.1 * Math.sin((Math.PI * (i - n + 1)) / links),
  )
  const problem = fromExpression('hanging chain', 2 * n, energy, { start })
  const result = await solve(session, problem as Problem, anyMethod(lbfgs()), { tolerance: 1e-6, ...limits })
  const x = result.x as Float64Array
  const chart: Chart = {
    title: 'The chain at rest',
    kind: 'line',
    x: { label: '' },
    y: { label: '' },
    series: [{ label: 'chain', x: [0, ...x.subarray(0, n), 1], y: [0, ...x.subarray(n), 0] }],
  }
  session.chart(chart, { height: 14 })
  session.paragraph(result.message)
  session.say()
  return { results: [result], solved: result.converged }
}

const landscape: TourStop = async (session, limits) => {
  session.heading('5. No derivatives, many valleys')
  session.say(`
  Ackley's function of 5 variables has one global minimum, at the origin, and
  hundreds of local ones around it. CMA-ES sees nothing but values. It draws
  at random, from a seed: the same command gives the same run again.
`)
  const dimension = 5
  const problem = smoothProblem({
    name: 'Ackley',
    dimension,
    value: (x) => {
      let squares = 0
      let waves = 0
      for (const xi of x) {
        squares += xi * xi
        waves += Math.cos(2 * Math.PI * xi)
      }
      return 20 + Math.E - 20 * Math.exp(-0.2 * Math.sqrt(squares / dimension)) - Math.exp(waves / dimension)
    },
    start: new Float64Array(dimension).fill(15),
    lower: new Float64Array(dimension).fill(-30),
    upper: new Float64Array(dimension).fill(30),
  })
  const result = await solve(session, problem as Problem, anyMethod(cmaEs({ populationSize: 30 })), {
    ...limits,
    stop: targetValue(1e-10),
    maxIterations: 2000,
  })
  const { iteration, objective } = result.trace.columns
  session.chart(
    {
      title: 'Best value so far',
      kind: 'line',
      x: { label: 'generation' },
      y: { label: '', scale: 'log' },
      series: [{ label: 'cma-es', x: iteration, y: objective }],
    },
    { height: 10 },
  )
  session.paragraph(result.message)
  session.say(
    `  ${result.evaluations.value} values; distance to the minimum ${formatNumber(norm(result.x as Float64Array), 2)}.\n`,
  )
  return { results: [result], solved: result.objective <= 1e-6 }
}

const norm = (x: Float64Array): number => Math.hypot(...x)

/** The paper whose claims the tour runs, if it is built; else the first that is. */
const SHOWN_PAPER = 'gradient-normalized-smoothness'
/** The tour is over in a minute. */
const PAPER_SECONDS = 30

/** The claims of one paper, at small size. */
async function paper(session: Session, seed: number, maxSeconds: number): Promise<void> {
  const built = builtSlugs()
  const slug = built.includes(SHOWN_PAPER) ? SHOWN_PAPER : built[0]
  if (slug === undefined) return
  session.heading('6. A claim of a paper')
  session.say(`\n  thalweg reproduce ${slug} --quick\n`)
  const experiment = await loadExperiment(slug)
  const timeout = AbortSignal.timeout(Math.ceil(1000 * Math.min(PAPER_SECONDS, maxSeconds)))
  const claims = await experiment.run(
    checked(slug, experiment.quick, experiment.parameters) as never,
    {
      progress: (fraction, doing) => session.progress.update(fraction, doing),
      chart: () => undefined,
      table: () => undefined,
      signal: AbortSignal.any([session.signal, timeout]),
    },
    seed,
  )
  session.progress.stop()
  if (timeout.aborted || session.signal.aborted) {
    session.say('  Cut short before the end, so nothing is said about the claims.\n')
    return
  }
  for (const claim of claims) {
    session.say(
      `  ${claim.holds ? session.colour('green', 'holds') : session.colour('red', 'DOES NOT HOLD')}  ${claim.id}`,
    )
    session.paragraph(claim.statement, 'gray', 6)
  }
  session.say()
}

const stops: readonly (readonly [string, TourStop])[] = [
  ['a narrow valley', valley],
  ['a curve through measurements', curve],
  ['a probability', launch],
  ['a hanging chain', chain],
  ['no derivatives, many valleys', landscape],
]

/** `thalweg tour`: real problems, solved in front of you. */
export async function tourCommand(session: Session, options: CommonOptions): Promise<number> {
  const { seed = 0, tolerance, maxSeconds } = options
  const deadline = performance.now() + 1000 * (maxSeconds ?? Infinity)
  const visited: Stop[] = []
  let solved = true
  session.say()
  session.heading('Thalweg: the line of lowest elevation along a valley.')
  session.say()
  for (const [stop, visit] of stops) {
    const left = (deadline - performance.now()) / 1000
    if (session.signal.aborted || left <= 0) {
      solved = false
      break
    }
    const began = performance.now()
    const found = await visit(session, {
      seed,
      ...(tolerance !== undefined && { tolerance }),
      ...(maxSeconds !== undefined && { maxSeconds: left }),
    })
    const seconds = (performance.now() - began) / 1000
    solved &&= found.solved
    for (const { status, method, iterations, objective } of found.results) {
      visited.push({ stop, status, method, iterations, objective, seconds })
    }
    await session.breathe()
  }
  const left = (deadline - performance.now()) / 1000
  if (!session.signal.aborted && left > 0) await paper(session, seed, left)
  session.answer(visited)
  session.heading('Where to go next')
  session.say(`
  thalweg list                      all methods and papers
  thalweg minimize "(x-2)^4 + (x-2*y)^2" --start=0,3
  thalweg fit data.csv --model "a + b*x" --start=1,1
  thalweg reproduce --help          the claims of the papers, run again
  In code: import { minimize } from 'thalweg'; the guides are in docs/.
`)
  return solved ? exitCodes.solved : exitCodes.notConverged
}
