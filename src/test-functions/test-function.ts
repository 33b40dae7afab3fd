import { describe, InvalidInputError } from '../base/index.ts'
import { type SmoothProblem, smoothProblem } from '../solver/index.ts'

/** What makes a function hard or easy. */
export type TestFunctionTag =
  /** More than one local minimum. */
  | 'multimodal'
  /** One local minimum, which is the global one. */
  | 'unimodal'
  /** A sum of functions of one variable each (or a monotone function of one). */
  | 'separable'
  /** Curvatures that differ by 1e4 or more. */
  | 'ill-conditioned'
  /** A curved, narrow valley. */
  | 'valley'
  /** Not differentiable somewhere that matters. */
  | 'nonsmooth'
  /** Constant regions. */
  | 'plateau'
  /** The best basin is small or far from the next best ones. */
  | 'deceptive'
  /** Several global minimizers. */
  | 'several-minimizers'

/** A function with known minimum, defined for one dimension or for all. */
export interface TestFunction {
  /** Stable name. */
  readonly slug: string
  readonly title: string
  readonly tags: readonly TestFunctionTag[]
  /** The only dimension, or the dimension used by default. */
  readonly dimension: number
  /** Which other dimensions are allowed; absent if only `dimension` is. */
  readonly dimensions?: { readonly min: number; readonly multipleOf?: number }
  /** Bounds by coordinate: one pair for all, or a pair for each. */
  readonly box: readonly [number, number] | readonly (readonly [number, number])[] | ((n: number) => [number, number])
  /** Lower values, or none at all, exist outside the box: the function cannot be shifted or rotated. */
  readonly boxOnly?: boolean
  value(x: Float64Array): number
  gradient?(x: Float64Array, out: Float64Array): void
  /** The global minimum over the box, to about 1e-9 relative. */
  minimum(n: number): number
  /** Global minimizers over the box; not always all of them. */
  minimizers(n: number): readonly (readonly number[])[]
  /** A customary start, where there is one. */
  readonly start?: readonly number[]
}

/** A problem made from a test function. */
export interface TestProblem extends SmoothProblem {
  readonly lower: Float64Array
  readonly upper: Float64Array
  readonly start: Float64Array
  readonly minimum: number
  readonly minimizer: Float64Array
  readonly tags: readonly TestFunctionTag[]
  /** Q of a rotated function, [n, n] row-major: the value at x is f(Q (x - minimizer) + x*). */
  readonly rotation?: Float64Array
}

const GOLDEN = (Math.sqrt(5) - 1) / 2

/**
 * The problem of minimizing a test function over its box, with known minimum, a minimizer, and a start away from any symmetry.
 *
 * @param dimension default: the function's own
 * @throws {InvalidInputError} if the function is not defined for that dimension
 */
export function problemOf(f: TestFunction, dimension = f.dimension): TestProblem {
  const allowed =
    dimension === f.dimension ||
    (f.dimensions !== undefined &&
      Number.isInteger(dimension) &&
      dimension >= f.dimensions.min &&
      dimension % (f.dimensions.multipleOf ?? 1) === 0)
  if (!allowed) {
    const { min, multipleOf = 1 } = f.dimensions ?? {}
    const expected =
      min === undefined
        ? String(f.dimension)
        : `an integer >= ${min}${multipleOf > 1 ? `, a multiple of ${multipleOf}` : ''}`
    throw new InvalidInputError(
      `test function '${f.slug}': dimension must be ${expected}, got ${describe(dimension)}`,
      {
        argument: 'dimension',
        expected,
        received: describe(dimension),
      },
    )
  }
  const side = (i: number): readonly [number, number] => {
    const box = typeof f.box === 'function' ? f.box(dimension) : f.box
    return (typeof box[0] === 'number' ? box : box[i]) as readonly [number, number]
  }
  const lower = Float64Array.from({ length: dimension }, (_, i) => side(i)[0])
  const upper = Float64Array.from({ length: dimension }, (_, i) => side(i)[1])
  const start =
    f.start !== undefined && f.start.length === dimension
      ? Float64Array.from(f.start)
      : lower.map((low, i) => low + (0.15 + 0.7 * (((i + 1) * GOLDEN) % 1)) * (upper[i] - low))
  const problem = smoothProblem({
    name: dimension === f.dimension && f.dimensions === undefined ? f.slug : `${f.slug}-${dimension}`,
    dimension,
    value: f.value,
    ...(f.gradient && { gradient: f.gradient }),
    lower,
    upper,
    start,
    minimum: f.minimum(dimension),
    minimizer: f.minimizers(dimension)[0],
    recipe: { kind: 'test-function', slug: f.slug, dimension },
  })
  return { ...problem, tags: f.tags } as TestProblem
}
