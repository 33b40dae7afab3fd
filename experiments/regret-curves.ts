import type { OnlineProblem } from '../src/online/index.ts'
import { iterate, type Method } from '../src/solver/index.ts'
import type { Chart, Report } from './experiment.ts'

type Player = Method<OnlineProblem, never>
/** A method under the name that charts and tables have for it. */
export type Players = Readonly<Record<string, Player>>
/** Regret over the rounds, averaged over seeds, and at the end. */
export interface Curve {
  readonly x: number[]
  readonly y: number[]
  readonly final: number
}

export const player = (method: unknown): Player => method as Player

/** Lets the page draw, and hears whether the run should end. */
async function pause(report: Report): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0))
  report.signal.throwIfAborted()
}

/** Plays all rounds; at most 150 points of the curve. */
async function regretCurve(report: Report, problem: OnlineProblem, method: Player): Promise<Curve> {
  const stride = Math.max(1, Math.ceil(problem.rounds / 150))
  const x: number[] = []
  const y: number[] = []
  for (const { iteration, measures } of iterate(problem, method)) {
    if (iteration % 4000 === 0) await pause(report)
    if (iteration === 0 || (iteration % stride !== 0 && iteration !== problem.rounds)) continue
    x.push(iteration)
    y.push(measures.regret)
  }
  return { x, y, final: y[y.length - 1] }
}

export async function meanCurve(
  report: Report,
  method: Player,
  seeds: number,
  stream: (seed: number) => OnlineProblem,
): Promise<Curve> {
  let mean: Curve | null = null
  for (let seed = 0; seed < seeds; seed++) {
    const curve = await regretCurve(report, stream(seed), method)
    mean ??= { x: curve.x, y: curve.y.map(() => 0), final: 0 }
    const { x, y, final } = mean as Curve
    mean = { x, y: y.map((sum, k) => sum + curve.y[k] / seeds), final: final + curve.final / seeds }
  }
  return mean as Curve
}

/** Where a part stands within the whole, for the progress bar. */
export interface Part {
  readonly report: Report
  readonly from: number
  readonly to: number
}

/** The regrets of each method after T/16, T/4 and T rounds, each horizon with a stream of its own. */
export async function growth(
  { report, from, to }: Part,
  rounds: number,
  seeds: number,
  players: Players,
  stream: (rounds: number, seed: number) => OnlineProblem,
): Promise<{ horizons: number[]; regrets: Record<string, number[]>; curves: Record<string, Curve> }> {
  const horizons = [rounds / 16, rounds / 4, rounds].map(Math.round)
  const regrets: Record<string, number[]> = {}
  const curves: Record<string, Curve> = {}
  const names = Object.keys(players)
  for (const [index, name] of names.entries()) {
    report.progress(from + ((to - from) * index) / names.length, name)
    regrets[name] = []
    for (const horizon of horizons) {
      curves[name] = await meanCurve(report, players[name], seeds, (seed) => stream(horizon, seed))
      regrets[name].push(curves[name].final)
    }
  }
  return { horizons, regrets, curves }
}

export function chartOf(title: string, curves: Readonly<Record<string, Curve>>): Chart {
  return {
    title,
    kind: 'line',
    x: { label: 'rounds' },
    y: { label: 'regret' },
    series: Object.entries(curves).map(([label, { x, y }]) => ({ label, x, y })),
  }
}

export const short = (value: number): number => Number(value.toPrecision(4))
export const list = (values: readonly number[]): string => values.map(short).join(', ')

export function tableOf(
  report: Report,
  title: string,
  horizons: readonly number[],
  regrets: Record<string, number[]>,
): void {
  report.table({
    title,
    columns: ['method', ...horizons.map((horizon) => `T = ${horizon}`)],
    rows: Object.entries(regrets).map(([name, values]) => [name, ...values.map(short)]),
  })
}
