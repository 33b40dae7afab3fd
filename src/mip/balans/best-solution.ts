import type { MixedIntegerProgram } from '../mixed-integer-program.ts'
import { minimizedObjective, settled } from './search-point.ts'

/** Hears of a solution, settled, with its objective as minimized. */
export type SolutionListener = (x: Float64Array, value: number) => void

/** The best of the solutions that solves report. */
export class BestSolution {
  private readonly program: MixedIntegerProgram
  private readonly onSolution: SolutionListener | undefined
  /** Null before the first. */
  x: Float64Array | null = null
  /** Its objective as minimized; infinite before the first. */
  value = Infinity

  /** @param onSolution hears of every solution that is better than those before */
  constructor(program: MixedIntegerProgram, onSolution?: SolutionListener) {
    this.program = program
    this.onSolution = onSolution
  }

  /** Takes a point of an engine, if there is one and it is better. */
  consider(found: Float64Array | null | undefined): void {
    if (found === null || found === undefined) return
    const x = settled(this.program, found)
    const value = minimizedObjective(this.program, x)
    if (!(value < this.value)) return
    this.x = x
    this.value = value
    this.onSolution?.(x, value)
  }
}
