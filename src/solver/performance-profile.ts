import { describe, InvalidInputError, ShapeError } from '../base/index.ts'

/** What every method spent on every problem. */
export interface CostTable {
  /** Labels of the methods. */
  readonly methods: readonly string[]
  /** Costs >= 0 by problem and method; Infinity where the method did not solve the problem. */
  readonly costs: readonly (readonly number[])[]
}

/** One method's curve of a profile: a step function, constant to the right of each point. */
export interface ProfileCurve {
  readonly label: string
  /** Increasing, from the left end of the axis to its right end, the same for all curves. */
  readonly x: readonly number[]
  /** Share of the problems, in [0, 1], increasing. */
  readonly y: readonly number[]
}

/** A profile of several methods over a set of problems. */
export interface Profile {
  /** What the axis counts, in words. */
  readonly axis: string
  readonly curves: readonly ProfileCurve[]
}

function checkTable({ methods, costs }: CostTable, where: string): void {
  if (methods.length === 0 || costs.length === 0) {
    throw new InvalidInputError(`${where}: expected at least one method and one problem`, {
      argument: 'costs',
      expected: 'at least one method and one problem',
      received: `${methods.length} methods, ${costs.length} problems`,
    })
  }
  costs.forEach((row, p) => {
    if (row.length !== methods.length) {
      throw new ShapeError(
        `${where}: costs[${p}] has length ${row.length}, but there are ${methods.length} methods; expected costs[${p}].length === ${methods.length}`,
        { argument: `costs[${p}]`, expected: `length ${methods.length}`, received: `length ${row.length}` },
      )
    }
    row.forEach((cost, s) => {
      if (typeof cost === 'number' && cost >= 0) return
      throw new InvalidInputError(`${where}: costs[${p}][${s}] must be a number >= 0, got ${describe(cost)}`, {
        argument: `costs[${p}][${s}]`,
        expected: 'a number >= 0, or Infinity',
        received: describe(cost),
      })
    })
  })
}

/** The share of the finite `values` that are <= each of them, as a step function on [from, to]. */
function shares(values: readonly number[], problems: number, from: number, to: number): Omit<ProfileCurve, 'label'> {
  const sorted = values.filter((value) => value <= to).sort((a, b) => a - b)
  const x = [from]
  const y = [0]
  sorted.forEach((value, i) => {
    const share = (i + 1) / problems
    if (value <= x[x.length - 1]) y[y.length - 1] = share
    else {
      x.push(value)
      y.push(share)
    }
  })
  if (x[x.length - 1] < to) {
    x.push(to)
    y.push(y[y.length - 1])
  }
  return { x, y }
}

/**
 * The performance profile of Dolan and More: for each method s the share of the problems that it solves at no more than tau times
 * the cost of the best method on that problem,
 *
 *     rho_s(tau) = |{ p : t_ps <= tau min_s' t_ps' }| / |P|,   tau >= 1.
 *
 * rho_s(1) is the share of the problems on which s is (among) the best, rho_s at the right end the share that it solves at all.
 * Problems that no method solves count in |P|.
 *
 * @throws {InvalidInputError} if there is no method or no problem, or a cost is negative or NaN
 * @throws {ShapeError} if a row of costs has not one entry for each method
 * @see Dolan and More, Benchmarking optimization software with performance profiles, Math. Program. 91 (2002), Section 2
 */
export function performanceProfile(table: CostTable): Profile {
  checkTable(table, 'performanceProfile')
  const { methods, costs } = table
  const best = costs.map((row) => Math.min(...row))
  const ratios = methods.map((_, s) =>
    costs.map((row, p) => (row[s] === Infinity ? Infinity : row[s] === best[p] ? 1 : row[s] / best[p])),
  )
  const largest = ratios.flat().reduce((most, ratio) => (ratio < Infinity && ratio > most ? ratio : most), 1)
  // A little beyond the last step, so that the height at the right end can be seen.
  const to = largest === 1 ? 2 : 1.1 * largest
  return {
    axis: 'cost relative to the best method',
    curves: methods.map((label, s) => ({ label, ...shares(ratios[s], costs.length, 1, to) })),
  }
}

/**
 * The data profile of More and Wild: for each method s the share of the problems that it solves at a cost of at most
 * kappa (n_p + 1), which for evaluations is kappa simplex gradients:
 *
 *     d_s(kappa) = |{ p : t_ps / (n_p + 1) <= kappa }| / |P|.
 *
 * Says how much budget a method needs, where the performance profile says how methods compare.
 *
 * @param dimensions n_p >= 1 of each problem
 * @throws {InvalidInputError} as `performanceProfile`
 * @throws {ShapeError} if there is not one dimension for each problem
 * @see More and Wild, Benchmarking derivative-free optimization algorithms, SIAM J. Optim. 20 (2009), Section 2.2
 */
export function dataProfile(table: CostTable, dimensions: readonly number[]): Profile {
  checkTable(table, 'dataProfile')
  const { methods, costs } = table
  if (dimensions.length !== costs.length) {
    throw new ShapeError(
      `dataProfile: dimensions has length ${dimensions.length}, but there are ${costs.length} problems; expected dimensions.length === ${costs.length}`,
      { argument: 'dimensions', expected: `length ${costs.length}`, received: `length ${dimensions.length}` },
    )
  }
  const scaled = methods.map((_, s) => costs.map((row, p) => row[s] / (dimensions[p] + 1)))
  const largest = scaled.flat().reduce((most, cost) => (cost < Infinity && cost > most ? cost : most), 0)
  const to = largest === 0 ? 1 : 1.05 * largest
  return {
    axis: 'cost / (n + 1)',
    curves: methods.map((label, s) => ({ label, ...shares(scaled[s], costs.length, 0, to) })),
  }
}
