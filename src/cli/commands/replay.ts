import { OptionError } from '../../base/index.ts'
import { type Chart, chartsToSvg, formatNumber } from '../../drawing/index.ts'
import { checkIteration, convergenceChart, lastIteration, resultAt, variablesOf } from '../../inputs/index.ts'
import { readRunFileFrom, writeFileAtomically } from '../../node/index.ts'
import { findMethod } from '../../registry.ts'
import { type RunFile, type RunRow, solutionToText } from '../../solver/index.ts'
import { recordedRun } from '../recorded-run.ts'
import { type CommonOptions, exitCodes, type Session } from '../session.ts'

export interface ReplayOptions extends CommonOptions {
  from?: number
  to?: number
  every?: number
  at?: number
  svg?: string
  plot?: boolean
}

/** Rows of the table, unless --every says otherwise. */
const SHOWN = 20

/** `thalweg replay`: what a run file recorded, as a table and a chart; with `--at`, one iterate. */
export async function replayCommand(session: Session, path: string, options: ReplayOptions): Promise<number> {
  if (options.at !== undefined) return replayAt(session, path, options.at)
  const run = readRunFileFrom(path)
  const { from = 0, to = Infinity } = options
  const rows = run.rows.filter(({ iteration }) => iteration >= from && iteration <= to)
  if (rows.length === 0) {
    throw new OptionError(
      `${path}: nothing is recorded in that range; the run has the iterations 0 to ${lastIteration(run)}`,
      {
        argument: from > to ? '--to' : '--from',
        expected: `a range within [0, ${lastIteration(run)}]`,
        received: `[${from}, ${to}]`,
      },
    )
  }
  const stride = options.every ?? Math.max(1, Math.ceil(rows.length / SHOWN))
  const thinned = options.every === undefined && session.json ? rows : everyNth(rows, stride)
  const chart = recordedChart(run, rows)
  if (options.svg !== undefined) writeFileAtomically(options.svg, chartsToSvg([chart]))
  const { header, end, snapshots, truncated } = run
  session.answer({
    method: header.method,
    options: header.options,
    problem: header.problem,
    seed: header.seed,
    tolerance: header.tolerance,
    forkedFrom: header.forkedFrom ?? null,
    iterations: thinned.map(({ type: _, ...row }) => row),
    snapshots: snapshots.map(({ iteration }) => iteration),
    end: end && { status: end.status, message: end.message, objective: end.objective, x: end.x },
    truncated,
  })
  session.say()
  session.say(
    `  ${header.method} on ${header.problem.name ?? `a problem of class ${header.problem.class}`}, seed ${header.seed}`,
  )
  if (header.forkedFrom) {
    const { file, method, iteration } = header.forkedFrom
    session.say(`  forked from ${file} (${method}) at iteration ${iteration}`)
  }
  session.say()
  const measures = Object.keys(rows[0].measures)
  session.table({
    title: '',
    columns: ['iteration', ...measures, 'calls', 'ms'],
    rows: thinned.map((row) => [
      row.iteration,
      ...measures.map((name) => formatNumber(row.measures[name] ?? NaN, name === 'objective' ? 8 : 4)),
      Object.values(row.evaluations).reduce((sum, count) => sum + count, 0),
      formatNumber(row.elapsedMs, 3),
    ]),
  })
  if (stride > 1) session.say(`  (every ${stride}th of ${rows.length} iterates; --every 1 shows all)`)
  session.paragraph(
    end?.message ?? `The run was cut off${truncated ? ' while it wrote' : ''}; thalweg resume ${path} goes on with it.`,
    end?.status === 'converged' ? 'green' : 'yellow',
  )
  session.say()
  if (options.plot !== false && rows.length > 2) session.chart(chart, { height: 12 })
  if (options.svg !== undefined) session.say(`  Plot written to ${options.svg}`)
  return exitCodes.solved
}

/** Every n-th row, and always the last. */
function everyNth(rows: readonly RunRow[], stride: number): RunRow[] {
  return rows.filter((_, i) => i % stride === 0 || i === rows.length - 1)
}

function recordedChart(run: RunFile, rows: readonly RunRow[]): Chart {
  const { header } = run
  const names = Object.keys(rows[0].measures)
  const optimality =
    run.end?.certificate?.criteria[0]?.measure ?? names.find((name) => name !== 'objective') ?? 'objective'
  const columns: Record<string, number[]> = { iteration: rows.map(({ iteration }) => iteration) }
  for (const name of names) columns[name] = rows.map(({ measures }) => measures[name] ?? NaN)
  const measure = columns[optimality]?.some(Number.isFinite) ? optimality : 'objective'
  return convergenceChart({ columns }, measure, `${header.method} on ${header.problem.name ?? header.problem.class}`)
}

async function replayAt(session: Session, path: string, k: number): Promise<number> {
  const kept = readRunFileFrom(path)
  checkIteration(kept, path, k)
  const exact = kept.snapshots.findLast(({ iteration }) => iteration === k)
  const row = kept.rows.find(({ iteration }) => iteration === k)
  // A run recorded from code says not how to build its problem again; its snapshots can be read all the same.
  if (exact !== undefined && kept.header.problem.recipe === undefined) {
    const method = findMethod(kept.header.method) as unknown as (options: object) => {
      solution(state: unknown): unknown
    }
    const x = method(kept.header.options).solution(exact.state)
    return sayIterate(session, { iteration: k, x, measures: row?.measures ?? {}, evaluations: exact.evaluations })
  }
  const recorded = await recordedRun(path)
  const { x, certificate, evaluations } = await resultAt(session.signal, recorded, path, k)
  const measures = { ...row?.measures, ...certificate?.measures }
  return sayIterate(session, { iteration: k, x, measures, evaluations }, variablesOf(recorded.problem))
}

interface Recorded {
  readonly iteration: number
  readonly x: unknown
  readonly measures: Readonly<Record<string, number>>
  readonly evaluations: Readonly<Record<string, number>>
}

function sayIterate(session: Session, iterate: Recorded, names?: readonly string[]): number {
  session.answer({ ...iterate, ...(names && { variables: names }) })
  const counts = Object.entries(iterate.evaluations).filter(([, count]) => count > 0)
  const lines: [string, string][] = [
    ['iteration', String(iterate.iteration)],
    ['x', solutionToText(iterate.x, names && { names })],
    ...Object.entries(iterate.measures).map(([name, value]): [string, string] => [
      name,
      formatNumber(value, name === 'objective' ? 10 : 4),
    ]),
    ['evaluations', counts.map(([name, count]) => `${name} ${count}`).join(', ')],
  ]
  const widest = Math.max(...lines.map(([name]) => name.length))
  session.say()
  for (const [name, text] of lines) session.say(`  ${name.padEnd(widest)}  ${text}`)
  return exitCodes.solved
}
