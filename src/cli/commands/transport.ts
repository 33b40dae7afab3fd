import { basename } from 'node:path'
import { closest } from 'fastest-levenshtein'
import { InvalidInputError, OptionError, ParseError, ShapeError } from '../../base/index.ts'
import { type DataTable, numbersOf, parseCsv } from '../../data/index.ts'
import { type Chart, chartToSvg, formatNumber } from '../../drawing/index.ts'
import {
  checkDimensions,
  completed,
  convergenceChart,
  LARGEST_PLAN,
  masses,
  planToCsv,
  pointCloud,
  rowMajor,
  sum,
  weightColumns,
} from '../../inputs/index.ts'
import { readTextFile, writeFileAtomically } from '../../node/index.ts'
import type { Iterate, Trace } from '../../solver/index.ts'
import {
  type CostInput,
  exactTransportClass,
  type Metric,
  metrics,
  type TransportMethodName,
  type TransportResult,
  transportAsync,
  transportClass,
  unbalancedTransportClass,
} from '../../transport/index.ts'
import { type CommonOptions, exitCodes, type Session } from '../session.ts'
import { showProgress } from '../solve.ts'

export interface TransportCommandOptions extends CommonOptions {
  metric?: string
  costMatrix?: string
  sourceWeights?: string
  targetWeights?: string
  normalize?: boolean
  regularization?: number
  exact?: boolean
  unbalanced?: number
  method?: string
  plan?: string
  maxIterations?: number
  svg?: string
  plot?: boolean
}

/** Masses, a cost, and what they are called in messages. */
interface TransportData {
  readonly a: Float64Array
  readonly b: Float64Array
  readonly cost: CostInput
  readonly names: readonly [string, string]
}

const methodNames: readonly TransportMethodName[] = [
  'sinkhorn',
  'sinkhorn-log',
  'sinkhorn-overrelaxed',
  'sinkhorn-epsilon-scaling',
  'greenkhorn',
  'sinkhorn-newton-sparse',
  'sinkhorn-newton',
  'transport-lbfgs',
  'network-simplex',
  'line',
  'unbalanced-sinkhorn',
]

/** One of `known`, or an error that names the nearest. */
function oneOf<const K extends readonly string[]>(flag: string, text: string, known: K): K[number] {
  if (known.includes(text)) return text
  throw new OptionError(`${flag}: unknown '${text}'; did you mean '${closest(text, known as unknown as string[])}'?`, {
    argument: flag,
    expected: known.join(', '),
    received: text,
  })
}

function excludes(first: string, second: string, why: string): never {
  throw new OptionError(`${first} and ${second} exclude each other: ${why}`, {
    argument: first,
    expected: `no ${second}`,
    received: `both ${first} and ${second}`,
  })
}

function needs(flag: string, other: string): never {
  throw new OptionError(`${flag} needs ${other}`, { argument: flag, expected: other, received: 'none' })
}

const readTable = (path: string): DataTable => parseCsv(readTextFile(path), { source: basename(path) })

/** Masses from a file: its column of weights, or its only column. */
function readWeights(path: string, count: number, what: string): Float64Array {
  const table = readTable(path)
  const column = table.columns.find((name) => weightColumns.includes(name.toLowerCase())) ?? table.columns[0]
  if (table.columns.length > 1 && !weightColumns.includes(column.toLowerCase())) {
    throw new ParseError(
      `${table.source}: expected one column, or one called 'weight', got ${table.columns.join(', ')}`,
      {
        argument: table.source,
        expected: 'one column of weights',
        received: `${table.columns.length} columns`,
      },
    )
  }
  const values = masses(table, column)
  if (values.length !== count) {
    throw new ShapeError(`${table.source}: ${values.length} weights, but the cost matrix has ${count} ${what}`, {
      argument: table.source,
      expected: `${count} weights`,
      received: String(values.length),
    })
  }
  return values
}

function readData(
  source: string | undefined,
  target: string | undefined,
  options: TransportCommandOptions,
): TransportData {
  const { costMatrix, sourceWeights, targetWeights, metric } = options
  if (costMatrix !== undefined) {
    if (source !== undefined) excludes('source.csv', '--cost-matrix', 'costs come from points or from a matrix')
    if (metric !== undefined) excludes('--metric', '--cost-matrix', 'the matrix holds the costs already')
    const table = readTable(costMatrix)
    const columns = table.columns.map((name) => numbersOf(table, name))
    const n = table.cells.length
    const m = columns.length
    return {
      ...completed(
        sourceWeights === undefined ? null : readWeights(sourceWeights, n, 'rows'),
        targetWeights === undefined ? null : readWeights(targetWeights, m, 'columns'),
        n,
        m,
      ),
      cost: rowMajor(columns, n),
      names: [sourceWeights ?? 'the sources', targetWeights ?? 'the targets'],
    }
  }
  if (sourceWeights !== undefined)
    needs('--source-weights', "--cost-matrix; points have their weights in a column 'weight'")
  if (targetWeights !== undefined)
    needs('--target-weights', "--cost-matrix; points have their weights in a column 'weight'")
  if (source === undefined || target === undefined) {
    throw new InvalidInputError(
      'say what to transport: thalweg transport source.csv target.csv, or --cost-matrix C.csv',
      {
        argument: source === undefined ? 'source' : 'target',
        expected: 'two files of points, or a cost matrix',
        received: 'nothing',
      },
    )
  }
  const from = pointCloud(readTable(source), source)
  const to = pointCloud(readTable(target), target)
  checkDimensions(from, to)
  return {
    ...completed(from.weights, to.weights, from.count, to.count),
    cost: { source: from.points, target: to.points, metric: metricOf(metric) },
    names: [source, target],
  }
}

function metricOf(text = 'squared-euclidean'): Metric {
  if (text === 'sqeuclidean') return 'squared-euclidean'
  return oneOf('--metric', text, [...metrics, 'sqeuclidean'] as const) as Metric
}

/** Refuses combinations that mean nothing, before any file is read. */
function checkFlags(options: TransportCommandOptions): void {
  const { exact, regularization, unbalanced } = options
  if (exact && regularization !== undefined) {
    excludes('--exact', '--regularization', 'exact transport has regularization 0; give one of them')
  }
  if (unbalanced !== undefined && exact) {
    excludes('--exact', '--unbalanced', 'unbalanced transport is regularized; give --regularization instead')
  }
  if (unbalanced !== undefined && regularization === undefined) needs('--unbalanced', '--regularization')
  if (unbalanced !== undefined && options.normalize) {
    excludes('--normalize', '--unbalanced', 'unbalanced transport keeps masses as they are')
  }
}

/** Scales masses if asked to, and compares their sums. */
function balanced(data: TransportData, { normalize, unbalanced }: TransportCommandOptions): TransportData {
  if (unbalanced !== undefined) return data
  const [massA, massB] = [sum(data.a), sum(data.b)]
  if (normalize && massA > 0 && massB > 0) {
    return { ...data, a: data.a.map((value) => value / massA), b: data.b.map((value) => value / massB) }
  }
  if (massA > 0 && massB > 0 && Math.abs(massA - massB) > 1e-6 * Math.max(massA, massB)) {
    throw new InvalidInputError(
      `the weights of ${data.names[0]} sum to ${formatNumber(massA, 10)}, those of ${data.names[1]} to ${formatNumber(massB, 10)}; add --normalize to scale both to sum 1, or --unbalanced RHO --regularization EPSILON to create and destroy mass at a price`,
      { argument: data.names[1], expected: `sum ${massA}`, received: `sum ${massB}` },
    )
  }
  return data
}

/** `thalweg transport`. */
export async function transportCommand(
  session: Session,
  source: string | undefined,
  target: string | undefined,
  options: TransportCommandOptions,
): Promise<number> {
  checkFlags(options)
  const method = options.method === undefined ? 'auto' : oneOf('--method', options.method, [...methodNames, 'auto'])
  const data = balanced(readData(source, target, options), options)
  const { a, b, cost } = data
  const pairs = a.length * b.length
  if (options.plan !== undefined && pairs > LARGEST_PLAN) {
    throw new InvalidInputError(
      `--plan: ${a.length} x ${b.length} pairs are too many for a file; at most ${LARGEST_PLAN}`,
      { argument: '--plan', expected: `at most ${LARGEST_PLAN} pairs`, received: String(pairs) },
    )
  }
  const { regularization, exact, unbalanced, tolerance, maxIterations, maxSeconds } = options
  const result = await transportAsync(a, b, cost, {
    method,
    ...(regularization !== undefined && { regularization }),
    ...(exact && { exact }),
    ...(unbalanced !== undefined && { unbalanced }),
    ...(tolerance !== undefined && { tolerance }),
    ...(maxIterations !== undefined && { maxIterations }),
    ...(maxSeconds !== undefined && { maxSeconds }),
    signal: session.signal,
    onIteration: progressOf(session, options),
  })
  session.progress.stop()
  if (options.plan !== undefined)
    writeFileAtomically(options.plan, Buffer.concat([...planToCsv(result.plan)].map((part) => Buffer.from(part))))
  presentTransport(session, result, data, options)
  return result.converged ? exitCodes.solved : exitCodes.notConverged
}

/** The problem class whose measures these are: exact, unbalanced, or regularized transport. */
function classOf(measures: Readonly<Record<string, unknown>>): Pick<typeof transportClass, 'optimality' | 'defaults'> {
  return [exactTransportClass, unbalancedTransportClass].find((known) => known.optimality in measures) ?? transportClass
}

/** Shows iterates of a method that the solver picks. */
function progressOf(session: Session, options: TransportCommandOptions): (iterate: Iterate) => void {
  let show: ((iterate: Iterate) => void) | undefined
  return (iterate) => {
    const { optimality: measure, defaults } = classOf(iterate.measures)
    show ??= showProgress(session, {
      measure,
      tolerance: options.tolerance ?? defaults.tolerance,
      maxIterations: options.maxIterations ?? defaults.maxIterations,
      ...(options.maxSeconds !== undefined && { maxSeconds: options.maxSeconds }),
    })
    show(iterate)
  }
}

function chartOf(trace: Trace | null, title: string): Chart | null {
  if (trace === null || (trace.columns.iteration?.length ?? 0) < 3) return null
  const { optimality } = classOf(trace.columns)
  // The gap of exact transport is known at the end only; what falls on the way is the cost.
  return convergenceChart(trace, optimality === exactTransportClass.optimality ? 'objective' : optimality, title)
}

function presentTransport(
  session: Session,
  result: TransportResult,
  { a, b }: TransportData,
  { plan, svg, plot = true }: TransportCommandOptions,
): void {
  const { status, cost, objective, marginalError, iterations, method, message, regularization, gap, elapsedMs } = result
  session.answer({
    status,
    cost,
    objective,
    marginalError,
    iterations,
    method,
    message,
    regularization,
    gap,
    sources: a.length,
    targets: b.length,
    elapsedMs,
  })
  const chart = chartOf(result.trace, `${method}, ${a.length} x ${b.length}`)
  if (svg !== undefined) {
    if (chart === null) session.note('nothing to draw: there were no iterations')
    else writeFileAtomically(svg, chartToSvg(chart))
  }
  session.say()
  session.paragraph(message, result.converged ? 'green' : 'yellow')
  session.say()
  session.say(`  sources         ${a.length}`)
  session.say(`  targets         ${b.length}`)
  session.say(`  cost            ${formatNumber(cost, 10)}`)
  session.say(`  objective       ${formatNumber(objective, 10)}`)
  if (regularization > 0) session.say(`  regularization  ${formatNumber(regularization, 6)}`)
  session.say(`  marginal error  ${formatNumber(marginalError, 4)}`)
  session.say(`  gap             ${formatNumber(gap, 4)}`)
  session.say(`  method          ${method}, ${iterations} iterations, ${formatNumber(elapsedMs, 3)} ms`)
  session.say()
  if (plot && chart !== null) session.chart(chart, { height: 12 })
  if (plan !== undefined) session.say(`  Plan written to ${plan}`)
  if (svg !== undefined && chart !== null) session.say(`  Plot written to ${svg}`)
}
