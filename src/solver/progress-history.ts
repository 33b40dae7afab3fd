import type { Observer } from './run.ts'

/** How the best objective of a run fell: one entry for each iterate that improved it, columns of equal length. */
export interface ProgressHistory {
  /** The best objective so far, decreasing. */
  readonly objective: number[]
  readonly iteration: number[]
  /** Calls of all oracles up to there. */
  readonly evaluations: number[]
  readonly elapsedMs: number[]
}

/** What a history can be measured in. */
export type CostMeasure = 'evaluations' | 'iterations' | 'milliseconds'

const columns = { evaluations: 'evaluations', iterations: 'iteration', milliseconds: 'elapsedMs' } as const

const total = (counts: Readonly<Record<string, number>>): number => {
  let sum = 0
  for (const name in counts) sum += counts[name]
  return sum
}

/** An observer that keeps the improvements of one run, unthinned: what `costToReach` and the profiles are computed from. */
export function recordProgress<X>(): Observer<X> & { readonly history: ProgressHistory } {
  const history: ProgressHistory = { objective: [], iteration: [], evaluations: [], elapsedMs: [] }
  const note = (
    objective: number,
    iteration: number,
    evaluations: Readonly<Record<string, number>>,
    elapsedMs: number,
  ): void => {
    if (!(objective < (history.objective.at(-1) ?? Infinity))) return
    history.objective.push(objective)
    history.iteration.push(iteration)
    history.evaluations.push(total(evaluations))
    history.elapsedMs.push(elapsedMs)
  }
  return {
    history,
    onIteration: ({ measures, iteration, evaluations, elapsedMs }) =>
      note(measures.objective, iteration, evaluations, elapsedMs),
    // A last step that the budget cut short may have improved the best point without being an iterate.
    onEnd: ({ objective, iterations, evaluations, elapsedMs }) => note(objective, iterations, evaluations, elapsedMs),
  }
}

/**
 * What a run had spent when its objective was first at most `target`; Infinity if it never was. Known to whole iterations: a
 * method that evaluates a population at once is charged for all of it.
 */
export function costToReach(history: ProgressHistory, target: number, cost: CostMeasure = 'evaluations'): number {
  const at = history.objective.findIndex((objective) => objective <= target)
  return at < 0 ? Infinity : history[columns[cost]][at]
}
