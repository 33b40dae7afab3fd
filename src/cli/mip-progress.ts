import { type Chart, formatNumber } from '../drawing/index.ts'
import { relativeGap } from '../mip/index.ts'
import type { Session } from './session.ts'

/** What is known of a search at one moment; numbers in the sense of the model. */
interface Moment {
  readonly seconds: number
  readonly objective: number | null
  readonly bound: number
  /** What is tried, where that changes: the arm of Balans. */
  readonly arm?: string
}

/** A gap for people. */
export function formatGap(gap: number): string {
  return Number.isFinite(gap) ? `${formatNumber(100 * gap, 3)} %` : 'unknown'
}

/**
 * Follows a search: shows time, incumbent, bound, gap and arm on the progress bar, and remembers how incumbent and bound moved.
 *
 * @param sign -1 where the model maximizes
 */
export class MipProgress {
  private readonly session: Session
  private readonly sign: number
  private readonly tolerance: number
  private readonly maxSeconds: number | undefined
  private readonly times: number[] = []
  private readonly objectives: number[] = []
  private readonly bounds: number[] = []
  private firstGap = NaN

  constructor(session: Session, sign: number, tolerance: number, maxSeconds: number | undefined) {
    this.session = session
    this.sign = sign
    this.tolerance = tolerance
    this.maxSeconds = maxSeconds
  }

  take({ seconds, objective, bound, arm }: Moment): void {
    const value = objective ?? NaN
    const last = this.times.length - 1
    if (last < 0 || !Object.is(this.objectives[last], value) || !Object.is(this.bounds[last], bound)) {
      this.times.push(seconds)
      this.objectives.push(value)
      this.bounds.push(bound)
    }
    const gap = relativeGap(this.sign * value, this.sign * bound)
    if (!(this.firstGap < Infinity)) this.firstGap = gap
    const { firstGap, tolerance, maxSeconds } = this
    const parts = [
      maxSeconds === undefined ? 0 : seconds / maxSeconds,
      tolerance > 0 && firstGap > tolerance ? Math.log(firstGap / gap) / Math.log(firstGap / tolerance) : 0,
    ].filter(Number.isFinite)
    const words = [
      `${formatNumber(seconds, 3)} s`,
      `best ${objective === null || Number.isNaN(value) ? 'none' : formatNumber(value, 7)}`,
      `bound ${Number.isFinite(bound) ? formatNumber(bound, 7) : 'none'}`,
      ...(gap < Infinity ? [formatGap(gap)] : []),
      ...(arm === undefined ? [] : [arm]),
    ]
    this.session.progress.update(Math.max(0, ...parts), words.join(', '))
  }

  /** How incumbent and bound moved over time; the last point counts too. */
  chart(title: string, end: Moment): Chart {
    const bounds = [...this.bounds, end.bound]
    const x = [...this.times, end.seconds]
    const y = [...this.objectives, end.objective ?? NaN]
    return {
      title,
      kind: 'line',
      x: { label: 'seconds' },
      y: { label: 'objective', scale: 'linear' },
      series: [
        { label: 'incumbent', x, y },
        ...(bounds.some(Number.isFinite)
          ? [{ label: 'bound', x, y: bounds.map((bound) => (Number.isFinite(bound) ? bound : NaN)) }]
          : []),
      ],
    }
  }

  /** Whether there is anything to draw. */
  get moved(): boolean {
    return this.objectives.filter(Number.isFinite).length > 1
  }
}
