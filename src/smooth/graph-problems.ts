import type { CompiledFunction } from '../autodiff/index.ts'
import { describe, InvalidInputError } from '../base/index.ts'
import { type SmoothOracles, type SmoothProblem, smoothProblem } from '../solver/index.ts'
import { type LeastSquaresOracles, type LeastSquaresProblem, leastSquaresProblem } from './least-squares-problem.ts'

/** Whether `f` is a function compiled by `compile`. */
export function isCompiled(f: unknown): f is CompiledFunction {
  return typeof f === 'object' && f !== null && 'inputSize' in f && 'vjp' in f
}

/** Above this dimension the dense Hessian of a compiled function is not offered, only products with it. */
const DENSE_LIMIT = 300

/**
 * The smooth problem of a compiled scalar function, with exact gradient, Hessian products and (up to 300 variables) the dense
 * Hessian.
 *
 * @example
 * const f = compile((x) => sum(exp(x).sub(x)), [{ shape: [3] }])
 * run(problemFromGraph(f, { start: [1, 2, 3] }), newton())
 *
 * @param rest start, bounds, name and other data of the problem
 * @throws {InvalidInputError} if the function returns more than one number
 */
export function problemFromGraph(
  f: CompiledFunction,
  rest: Omit<SmoothOracles, 'dimension' | 'value'> = {},
): SmoothProblem {
  if (f.outputSize !== 1) {
    throw new InvalidInputError(
      `problemFromGraph: the function must return one number, but it returns ${f.outputSize}; reduce it with sum, or use leastSquaresFromGraph`,
      { argument: 'f', expected: 'a scalar function', received: `${f.outputSize} numbers` },
    )
  }
  return smoothProblem({
    dimension: f.inputSize,
    value: (x) => f.value(x),
    valueAndGradient: (x, out) => f.valueAndGradient(x, out),
    hessianProduct: (x, v, out) => {
      f.hvp(x, v, out)
    },
    ...(f.inputSize <= DENSE_LIMIT && {
      hessian: (x: Float64Array, out: Float64Array) => {
        f.hessian(x, out)
      },
    }),
    ...rest,
  })
}

/** The least-squares problem of a compiled function that returns the residuals, with exact Jacobian. */
export function leastSquaresFromGraph(
  f: CompiledFunction,
  rest: Omit<LeastSquaresOracles, 'dimension' | 'residualCount' | 'residuals' | 'jacobian'> = {},
): LeastSquaresProblem {
  if (!isCompiled(f)) {
    throw new InvalidInputError(`leastSquaresFromGraph: expected a compiled function, got ${describe(f)}`, {
      argument: 'f',
      expected: 'a compiled function',
      received: describe(f),
    })
  }
  return leastSquaresProblem({
    dimension: f.inputSize,
    residualCount: f.outputSize,
    residuals: (x, out) => {
      f.values(x, out)
    },
    jacobian: (x, out) => {
      f.jacobian(x, out)
    },
    ...rest,
  })
}
