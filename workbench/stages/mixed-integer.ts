import {
  type BalansState,
  type MixedIntegerProgram,
  outcomes,
  type SearchProgress,
  signOf,
} from '../../src/mip/index.ts'
import type { ArmRow, Frame } from './scene.ts'
import type { Stage } from './stage.ts'

/** What became of the arms, those first that were pulled most. */
export function armsOf({ arms, counts, rewards, seconds, nodes, sizes }: BalansState): ArmRow[] {
  const kinds = outcomes.length
  return arms
    .map((name, arm): ArmRow => {
      const tally = Array.from(counts.subarray(kinds * arm, kinds * (arm + 1)))
      const pulls = tally.reduce((total, count) => total + count, 0)
      return {
        name,
        pulls,
        outcomes: tally,
        meanReward: pulls === 0 ? 0 : rewards[arm] / pulls,
        seconds: seconds[arm],
        nodes: nodes[arm],
        size: sizes[arm],
      }
    })
    .sort((a, b) => b.pulls - a.pulls)
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

/** What an engine reports in the middle of an iteration. */
export function frameOfProgress({ elapsedMs, objective, bound }: SearchProgress): Omit<Frame, 'iteration'> {
  return { search: { seconds: elapsedMs / 1000, objective, bound: finite(bound), arms: [], tried: [] } }
}

/** Incumbent and bound, and what the arms of a neighbourhood search came to. */
export const mixedIntegerStage: Stage = {
  scene: ({ problem }) => ({ kind: 'search', sense: (problem as MixedIntegerProgram).sense }),

  frame({ problem }, _, iterate) {
    const { elapsedMs, measures } = iterate
    const sign = signOf(problem as MixedIntegerProgram)
    const state = iterate.snapshot().state as Partial<BalansState>
    const searches = state.arms !== undefined
    return {
      search: {
        seconds: elapsedMs / 1000,
        objective: finite(sign * measures.objective),
        bound: finite(sign * (measures.bound ?? NaN)),
        arms: searches ? armsOf(state as BalansState) : [],
        tried: searches
          ? (state as BalansState).trials.map(({ arm, outcome }) => ({
              arm: (state as BalansState).arms[arm],
              outcome: outcomes.indexOf(outcome),
            }))
          : [],
      },
    }
  },
}
