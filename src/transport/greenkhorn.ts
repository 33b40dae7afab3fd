import { portableLog, portableLog1p, UnsupportedError } from '../base/index.ts'
import { defineMethod } from '../solver/index.ts'
import { engineFor } from './engine-registry.ts'
import {
  type EntropicState,
  entropicMeasures,
  entropicSolution,
  entropicState,
  infeasibleOutcome,
  measureSums,
} from './entropic-state.ts'
import type { TransportProblem } from './transport-data.ts'

export type GreenkhornOptions = Record<never, never>

interface GreenkhornState extends EntropicState {
  rowSums: Float64Array
  columnSums: Float64Array
  /** How often the plan has been made anew. */
  refreshes: number
}

interface Scratch {
  refreshes: number
  u: Float64Array
  v: Float64Array
  rowSums: Float64Array
  columnSums: Float64Array
  /** How badly each row and column violates its marginal. */
  rowViolation: Float64Array
  columnViolation: Float64Array
  trialX: Float64Array
  trialY: Float64Array
}

/**
 * Greenkhorn: scales, again and again, the one row or column whose sum violates its marginal most in the sense of
 * rho(a_i, r_i) = r_i - a_i + a_i ln(a_i / r_i). One update costs n or m operations; an iteration here is n + m of them, the
 * work of one Sinkhorn iteration, after which the scalings are absorbed and the sums made anew, so that rounding does not add
 * up. Needs the plan in memory (n m numbers).
 *
 * @throws {UnsupportedError} if the plan does not fit into kernel memory
 * @see Altschuler, Weed and Rigollet, Near-linear time approximation algorithms for optimal transport via Sinkhorn iteration
 *   (2017), Algorithm 4
 */
export const greenkhorn = defineMethod<TransportProblem, GreenkhornOptions, GreenkhornState>()({
  slug: 'greenkhorn',
  title: 'Greenkhorn',
  room: 'transport',
  problemClass: 'transport',
  summary: 'Entropic transport by greedy scaling of the worst row or column: quick to low accuracy.',
  formulae: [
    {
      tex: String.raw`\rho(a_i, r_i) = r_i - a_i + a_i \ln \frac{a_i}{r_i}`,
      meaning: 'Only the row or column that violates its marginal most is scaled.',
    },
  ],
  source: {
    authors: 'Jason Altschuler, Jonathan Weed, Philippe Rigollet',
    title: 'Near-linear time approximation algorithms for optimal transport via Sinkhorn iteration',
    year: 2017,
    venue: 'NIPS',
    arxiv: '1705.09634',
  },
  options: {},
  create: () => ({
    start(problem, context) {
      const engine = engineFor(problem)
      if (engine.slot === null) {
        throw new UnsupportedError(
          `greenkhorn: a plan of ${engine.rows} x ${engine.columns} does not fit into memory; use sinkhornLog`,
          { argument: 'problem', expected: 'a smaller problem', received: `${engine.rows} x ${engine.columns}` },
        )
      }
      const measured = entropicState(problem, context, engine, true)
      const { rows, columns } = engine
      engine.claim(scratchOf(context.scratch, rows, columns))
      return {
        ...measured,
        rowSums: engine.rowSums.slice(0, rows),
        columnSums: engine.columnSums.slice(0, columns),
        refreshes: 0,
      }
    },

    step(problem, state, context) {
      if (state.infeasible) return infeasibleOutcome
      const engine = engineFor(problem)
      const { rows: n, columns: m, stride, a, b } = engine
      const eta = 1 / problem.regularization
      const scratch = scratchOf(context.scratch, n, m)
      const { u, v, rowSums, columnSums, rowViolation, columnViolation, trialX, trialY } = scratch
      if (!usable(state.rowSums) || !usable(state.columnSums)) {
        // Sums out of the number range cannot be scaled: one log-domain iteration brings them back.
        problem.onPass()
        engine.pass(state.x, state.y, eta)
        trialX.set(engine.nextX)
        trialY.set(engine.nextY)
      } else {
        if (!engine.holds(scratch) || scratch.refreshes !== state.refreshes) {
          engine.plan(state.x, state.y, eta, true)
          engine.claim(scratch)
          scratch.refreshes = state.refreshes
        }
        const plan = engine.slot as Float64Array
        u.fill(1)
        v.fill(1)
        rowSums.set(state.rowSums)
        columnSums.set(state.columnSums)
        for (let i = 0; i < n; i++) rowViolation[i] = violation(a[i], rowSums[i])
        for (let j = 0; j < m; j++) columnViolation[j] = violation(b[j], columnSums[j])
        problem.onPass()
        for (let k = 0; k < n + m; k++) {
          let i = 0
          let j = 0
          for (let p = 1; p < n; p++) if (rowViolation[p] > rowViolation[i]) i = p
          for (let q = 1; q < m; q++) if (columnViolation[q] > columnViolation[j]) j = q
          if (rowViolation[i] >= columnViolation[j]) {
            const next = u[i] * (a[i] / rowSums[i])
            const change = next - u[i]
            u[i] = next
            rowSums[i] = a[i]
            rowViolation[i] = 0
            const at = i * stride
            for (let q = 0; q < m; q++) {
              columnSums[q] += change * plan[at + q] * v[q]
              columnViolation[q] = violation(b[q], columnSums[q])
            }
          } else {
            const next = v[j] * (b[j] / columnSums[j])
            const change = next - v[j]
            v[j] = next
            columnSums[j] = b[j]
            columnViolation[j] = 0
            for (let p = 0, at = j; p < n; p++, at += stride) {
              rowSums[p] += change * plan[at] * u[p]
              rowViolation[p] = violation(a[p], rowSums[p])
            }
          }
        }
        for (let i = 0; i < n; i++) trialX[i] = state.x[i] + problem.regularization * portableLog(u[i])
        for (let j = 0; j < m; j++) trialY[j] = state.y[j] + problem.regularization * portableLog(v[j])
      }
      problem.onPass()
      engine.plan(trialX, trialY, eta, true)
      const measured = measureSums(problem, engine, trialX, trialY)
      if (!Number.isFinite(measured.dual)) {
        return { outcome: 'diverged', reason: `the dual objective became ${measured.dual}` }
      }
      state.x.set(trialX)
      state.y.set(trialY)
      state.rowSums.set(engine.rowSums.subarray(0, n))
      state.columnSums.set(engine.columnSums.subarray(0, m))
      state.objective = measured.objective
      state.dual = measured.dual
      state.marginalError = measured.marginalError
      state.refreshes++
      scratch.refreshes = state.refreshes
      engine.claim(scratch)
    },

    measure: entropicMeasures,
    solution: entropicSolution,
  }),
})

function scratchOf(scratch: <T>(make: () => T) => T, n: number, m: number): Scratch {
  return scratch<Scratch>(() => ({
    refreshes: 0,
    u: new Float64Array(n),
    v: new Float64Array(m),
    rowSums: new Float64Array(n),
    columnSums: new Float64Array(m),
    rowViolation: new Float64Array(n),
    columnViolation: new Float64Array(m),
    trialX: new Float64Array(n),
    trialY: new Float64Array(m),
  }))
}

function usable(sums: Float64Array): boolean {
  for (let i = 0; i < sums.length; i++) if (!(sums[i] > 1e-150 && sums[i] < 1e150)) return false
  return true
}

/**
 * rho(target, sum) = target (t - ln(1 + t)) >= 0 with t = (sum - target) / target; near t = 0 by its series, as the difference
 * would be rounding alone from t = 1e-8 on. Rounding may have made a tiny sum negative.
 */
function violation(target: number, sum: number): number {
  if (!(sum > 0)) return Infinity
  const t = (sum - target) / target
  if (Math.abs(t) > 1e-3) return target * (t - portableLog1p(t))
  return target * t * t * (1 / 2 - t * (1 / 3 - t * (1 / 4 - t * (1 / 5 - t / 6))))
}
