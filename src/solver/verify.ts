import type { Measures, Problem, SolutionOf } from './problem.ts'
import type { Result } from './result.ts'

/** What an independent measurement of a result found. */
export interface Verification {
  /** Whether the residuals measured now agree with the certificate and, for `converged`, meet its criteria. */
  readonly confirmed: boolean
  /** The measures at `result.x`, measured now. */
  readonly measures: Measures
  /** One sentence. */
  readonly message: string
}

/** Residuals measured twice may differ by rounding, more so when they come from finite differences. */
const RELATIVE_SLACK = 1e-6

/**
 * Measures a result again from the problem alone and holds it against its certificate.
 *
 * @param problem the problem that was solved (the user's own, with its own oracles)
 */
export function verify<P extends Problem>(problem: P, result: Result<SolutionOf<P>>): Verification {
  const measures = problem.class.certify(problem, result.x)
  const complain = (message: string): Verification => ({ confirmed: false, measures, message })
  if (result.certificate === null) return complain('the result has no certificate to verify')
  for (const name in measures) {
    const claimed = result.certificate.measures[name]
    const found = measures[name]
    const same = claimed === found || Math.abs(claimed - found) <= RELATIVE_SLACK * Math.max(1, Math.abs(found))
    if (!same && !(Number.isNaN(claimed) && Number.isNaN(found))) {
      return complain(`the certificate says ${name} = ${claimed}, but measured again it is ${found}`)
    }
  }
  if (result.converged) {
    if (result.certificate.criteria.length === 0) return complain('converged without any criterion')
    for (const { measure, value, threshold } of result.certificate.criteria) {
      const found = measures[measure] ?? value
      if (!(found <= threshold + RELATIVE_SLACK * Math.abs(threshold) + Number.MIN_VALUE)) {
        return complain(`converged requires ${measure} <= ${threshold}, but measured again it is ${found}`)
      }
    }
  }
  return {
    confirmed: true,
    measures,
    message: `confirmed: ${Object.entries(measures)
      .map(([name, value]) => `${name} = ${Number(value.toPrecision(4))}`)
      .join(', ')}`,
  }
}
