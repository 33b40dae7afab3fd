import { describe, InvalidInputError, OptionError } from '../../base/index.ts'
import { type Chart, chartsToSvg, formatNumber, profileChart, stepSeries, type Table } from '../../drawing/index.ts'
import type { ProblemFlags } from '../../inputs/index.ts'
import { namedMethod, settingFlag } from '../../inputs/index.ts'
import { writeFileAtomically } from '../../node/index.ts'
import { methodsFor } from '../../registry.ts'
import {
  type AsyncMethod,
  type CostMeasure,
  compareOnSetAsync,
  type Problem,
  type SetComparison,
  type SetRow,
  type SetRun,
  type SmoothProblem,
} from '../../solver/index.ts'
import { moreGarbowHillstrom, testFunctions } from '../../test-functions/index.ts'
import { problemFrom } from '../problems.ts'
import { exitCodes, type Session } from '../session.ts'
import { limits, type RunFlags } from './minimize.ts'

export interface CompareOptions extends RunFlags, ProblemFlags {
  methods?: string
  seeds?: number
  accuracy?: number
  cost?: CostMeasure
}

/** Without a budget some methods would go on for as long as they are left. */
const DEFAULT_BUDGET = 10_000

/** The test functions that a word such as `all`, `multimodal` or `mgh` stands for, as problem names; null if it is no such word. */
function setNamed(word: string, dimension: number | undefined): string[] | null {
  if (word === 'mgh') return moreGarbowHillstrom.map(({ slug }) => `mgh:${slug}`)
  const members = testFunctions.filter(({ tags }) => word === 'all' || (tags as readonly string[]).includes(word))
  if (members.length === 0) return null
  if (dimension === undefined) return members.map(({ slug }) => slug)
  return members
    .filter((f) => f.dimension === dimension || fits(f.dimensions, dimension))
    .map(({ slug, dimensions }) => (dimensions === undefined ? slug : `${slug}-${dimension}`))
}

function fits(range: { readonly min: number; readonly multipleOf?: number } | undefined, n: number): boolean {
  return range !== undefined && n >= range.min && n % (range.multipleOf ?? 1) === 0
}

async function problemsFrom(words: readonly string[], flags: ProblemFlags): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const word of words) {
    const members = setNamed(word, flags.dimension)
    if (members === null) problems.push(await problemFrom(word, flags))
    else {
      const { dimension: _, unbounded, ...others } = flags
      for (const member of members) {
        const boxOnly = unbounded && testFunctions.find(({ slug }) => slug === member)?.boxOnly
        if (!boxOnly)
          problems.push(await problemFrom(member, { ...others, ...(!member.includes(':') && { unbounded }) }))
      }
    }
  }
  const classes = [...new Set(problems.map((problem) => problem.class.name))]
  if (problems.length === 0 || classes.length > 1) {
    throw new InvalidInputError(
      problems.length === 0
        ? `no test function of ${words.join(', ')} is defined in dimension ${flags.dimension}`
        : `problems of one class can be compared at a time; these are of ${classes.join(' and ')}`,
      { argument: 'problems', expected: 'problems of one class', received: classes.join(', ') || 'none' },
    )
  }
  return problems
}

/** `lbfgs,lbfgs:memory=3:curvature=0.5` as methods by label. */
function methodsFrom(text: string, problem: Problem): Record<string, AsyncMethod<Problem>> {
  const methods: Record<string, AsyncMethod<Problem>> = {}
  for (const label of text.split(',').map((part) => part.trim())) {
    const [slug, ...given] = label.split(':')
    if (slug === '' || label in methods) {
      throw new OptionError(
        `--methods must be different methods, such as lbfgs,cma-es,lbfgs:memory=3, got ${describe(text)}`,
        {
          argument: '--methods',
          expected: 'different methods',
          received: text,
        },
      )
    }
    const set = given.reduce<Record<string, string>>((all, setting) => settingFlag(setting, all), {})
    methods[label] = namedMethod(slug, set, problem)
  }
  return methods
}

/** What is compared where nobody says. */
function usualMethods(problems: readonly Problem[]): string {
  const [first] = problems
  if (first.class.name !== 'smooth') {
    return methodsFor(first.class.name)
      .map(({ description }) => description.slug)
      .join(',')
  }
  const bounds = (problems as readonly SmoothProblem[]).filter(({ lower, upper }) => lower || upper)
  if (bounds.length === 0) return 'lbfgs,nonlinear-conjugate-gradient,newton,trust-region-newton,nelder-mead'
  const boxes = bounds.filter(({ lower, upper }) => lower?.every(Number.isFinite) && upper?.every(Number.isFinite))
  return boxes.length === problems.length
    ? 'lbfgsb,nelder-mead,cma-es,differential-evolution,dual-annealing'
    : 'lbfgsb,projected-newton,nelder-mead,cma-es'
}

/** `thalweg compare`: several methods under one budget, on one problem or on a set. */
export async function compareCommand(
  session: Session,
  words: readonly string[],
  options: CompareOptions,
): Promise<number> {
  const problems = await problemsFrom(words, options)
  const methods = methodsFrom(options.methods ?? usualMethods(problems), problems[0])
  const { seed = 0, ...budget } = limits(options)
  const unlimited =
    options.maxEvaluations === undefined && options.maxSeconds === undefined && options.maxIterations === undefined
  const comparison = await compareOnSetAsync(problems, methods, {
    ...(unlimited && { maxEvaluations: DEFAULT_BUDGET }),
    ...(budget as object),
    signal: session.signal,
    traceEvery: 0,
    seeds: Array.from({ length: options.seeds ?? 1 }, (_, i) => seed + i),
    ...(options.accuracy !== undefined && { accuracy: options.accuracy }),
    ...(options.cost !== undefined && { cost: options.cost }),
    onRun: ({ problem, method, done, total }) => {
      const doing = `${method} on ${problem} (${done + 1} of ${total})`
      session.verbose?.(doing)
      session.progress.update(done / total, doing)
    },
  })
  session.progress.stop()
  refuseIfAllRefused(comparison)

  const single = comparison.rows.length === 1
  const charts = single
    ? [gapChart(comparison)]
    : [
        profileChart(`Performance profile, ${comparison.rows.length} problems`, comparison.performance),
        profileChart(`Data profile, ${comparison.rows.length} problems`, {
          ...comparison.data,
          axis: `${comparison.cost} / (n + 1)`,
        }),
      ]
  if (options.svg !== undefined) writeFileAtomically(options.svg, chartsToSvg(charts))
  session.answer(jsonOf(comparison))
  session.say()
  for (const table of single ? [methodTable(comparison)] : [solvedTable(comparison), costTable(comparison)]) {
    session.table(table)
  }
  for (const line of refusals(comparison)) session.paragraph(line, 'yellow')
  if (options.plot !== false) for (const chart of charts) session.chart(chart, { height: 14 })
  if (options.svg !== undefined) session.say(`  Charts written to ${options.svg}`)
  return session.signal.aborted ? exitCodes.notConverged : exitCodes.solved
}

/** A comparison in which nothing could run is a wrong request. */
function refuseIfAllRefused({ rows }: SetComparison<unknown>): void {
  const runs = rows.flatMap((row) => row.runs)
  if (runs.some(({ result }) => result !== null)) return
  throw new InvalidInputError(`none of the methods can run: ${runs[0].refusal}`, {
    argument: '--methods',
    expected: 'methods for these problems',
  })
}

const spent = ({ result }: SetRun<unknown>): number =>
  result === null ? NaN : Object.values(result.evaluations).reduce((sum, count) => sum + count, 0)

const costText = (cost: number): string | number => (cost === Infinity ? '-' : Number(cost.toPrecision(4)))

function methodTable({ methods, rows: [row], cost }: SetComparison<unknown>): Table {
  return {
    title: `${row.problem}, ${row.dimension} variable${row.dimension === 1 ? '' : 's'}; solved at f <= ${formatNumber(row.target, 8)}, counted in ${cost}`,
    columns: ['method', 'status', 'objective', '- best', 'calls', 'ms', 'solved at'],
    rows: methods.map((method, s) => {
      const one = row.runs[s]
      if (one.result === null) return [method, 'refused', '-', '-', '-', '-', '-']
      const { status, objective, elapsedMs } = one.result
      const gap = formatNumber(objective - row.bestObjective, 2)
      return [
        method,
        status,
        formatNumber(objective, 7),
        gap,
        spent(one),
        formatNumber(elapsedMs, 2),
        costText(one.cost),
      ]
    }),
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[sorted.length >> 1]
}

function solvedTable({ methods, rows, solved, cost, accuracy }: SetComparison<unknown>): Table {
  return {
    title: `${rows.length} problems, solved to ${accuracy} of the decrease from the start`,
    columns: ['method', 'solved', 'cheapest on', `median ${cost}`, 'ms in all'],
    rows: methods.map((method, s) => {
      const costs = rows.map(({ runs }) => runs[s].cost).filter((value) => value < Infinity)
      const cheapest = rows.filter(({ runs }) => {
        const best = Math.min(...runs.map((one) => one.cost))
        return best < Infinity && runs[s].cost === best
      })
      const ms = rows.reduce((sum, { runs }) => sum + (runs[s].result?.elapsedMs ?? 0), 0)
      return [method, solved[s], cheapest.length, costs.length > 0 ? costText(median(costs)) : '-', formatNumber(ms, 3)]
    }),
  }
}

function costTable({ methods, rows, cost }: SetComparison<unknown>): Table {
  const seeded = new Set(rows.map(({ seed }) => seed)).size > 1
  return {
    title: `${cost[0].toUpperCase()}${cost.slice(1)} to solve (- for not solved)`,
    columns: ['problem', ...(seeded ? ['seed'] : []), ...methods],
    rows: rows.map(({ problem, seed, runs }) => [
      problem,
      ...(seeded ? [seed] : []),
      ...runs.map((one) => (one.result === null ? 'refused' : costText(one.cost))),
    ]),
  }
}

function refusals({ methods, rows }: SetComparison<unknown>): string[] {
  return methods.flatMap((method, s) => {
    const [first, ...more] = rows.filter(({ runs }) => runs[s].refusal !== null)
    if (first === undefined) return []
    const others = more.length > 0 ? ` (and ${more.length} more problems)` : ''
    return [`${method} refused ${first.problem}${others}: ${first.runs[s].refusal}`]
  })
}

/** How far each method was above the best known value, over what it had spent. */
function gapChart({ methods, rows: [row], cost }: SetComparison<unknown>): Chart {
  const { bestObjective: best, runs } = row
  const column = { evaluations: 'evaluations', iterations: 'iteration', milliseconds: 'elapsedMs' } as const
  // A gap of 0 has no place on a logarithmic axis.
  const floor = Number.EPSILON * Math.max(1e-3, Math.abs(best))
  return {
    title: `${row.problem}: objective above ${formatNumber(best, 6)}`,
    kind: 'line',
    x: { label: cost },
    y: { label: 'f - best', scale: 'log' },
    series: methods.flatMap((label, s) => {
      const { history, result } = runs[s]
      if (result === null || history.objective.length === 0) return []
      const x = [...history[column[cost]]]
      const y = history.objective.map((objective) => Math.max(objective - best, floor))
      const ends = { evaluations: spent(runs[s]), iterations: result.iterations, milliseconds: result.elapsedMs }[cost]
      return [stepSeries({ label, x: [...x, ends], y: [...y, y[y.length - 1]] })]
    }),
  }
}

function jsonOf(comparison: SetComparison<unknown>): object {
  const { methods, rows, accuracy, cost, solved, performance, data } = comparison
  return {
    methods,
    accuracy,
    cost,
    solved,
    problems: rows.map((row: SetRow<unknown>) => ({
      problem: row.problem,
      dimension: row.dimension,
      seed: row.seed,
      initialObjective: row.initialObjective,
      bestObjective: row.bestObjective,
      target: row.target,
      runs: row.runs.map((one, s) => ({
        method: methods[s],
        status: one.result?.status ?? 'refused',
        objective: one.result?.objective ?? null,
        x: one.result?.x ?? null,
        iterations: one.result?.iterations ?? null,
        evaluations: one.result?.evaluations ?? null,
        elapsedMs: one.result?.elapsedMs ?? null,
        // Infinity becomes null: not solved.
        cost: one.cost,
        message: one.result?.message ?? one.refusal,
      })),
    })),
    performanceProfile: performance,
    dataProfile: data,
  }
}
