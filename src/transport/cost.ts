import { describe, InvalidInputError, ShapeError } from '../base/index.ts'
import { largestMagnitude } from './loops.ts'

/**
 * Ground costs between points: squared Euclidean distance, Euclidean distance, L1 distance, or the cosine distance
 * 1 - <s, t> / (|s| |t|).
 */
export type Metric = 'squared-euclidean' | 'euclidean' | 'l1' | 'cosine'

/** All metrics, in the order of the kernels' codes. */
export const metrics: readonly Metric[] = ['squared-euclidean', 'euclidean', 'l1', 'cosine']

/** Points as rows: a list of coordinate lists, or a flat row-major array with its dimension. */
export type Points =
  | ArrayLike<ArrayLike<number>>
  | { readonly coordinates: ArrayLike<number>; readonly dimension: number }

/** A cost given by two point clouds. The n x m matrix is never stored when it would not fit comfortably. */
export interface PointCost {
  /** n points. */
  readonly source: Points
  /** m points of the same dimension. Default: the source points. */
  readonly target?: Points
  /** Default squared-euclidean. */
  readonly metric?: Metric
}

/** A cost as users give it: a matrix (flat row-major [n, m], or rows), point clouds, or a function of the two indices. */
export type CostInput =
  | ArrayLike<number>
  | ArrayLike<ArrayLike<number>>
  | PointCost
  | ((i: number, j: number) => number)

/** A cost after checking. Costs may be negative; +Infinity forbids a pair; NaN and -Infinity are refused. */
export type Cost =
  | {
      readonly kind: 'matrix'
      /** [n, m] row-major; the caller's own array if it was a Float64Array. */
      readonly values: Float64Array
      /** The largest finite |c_ij|. */
      readonly largest: number
      readonly forbidden: boolean
    }
  | {
      readonly kind: 'points'
      /** [n, dimension] and [m, dimension] row-major; of unit length under the cosine metric. */
      readonly source: Float64Array
      readonly target: Float64Array
      readonly dimension: number
      readonly metric: Metric
      /** Lengths of the points as given, under the cosine metric. */
      readonly sourceLengths?: Float64Array
      readonly targetLengths?: Float64Array
      /** An upper bound of the largest cost, from bounding boxes. */
      readonly largest: number
      readonly forbidden: false
    }
  | {
      readonly kind: 'function'
      readonly at: (i: number, j: number) => number
    }

/** Checks one cost. @throws {InvalidInputError} for NaN and -Infinity */
export function checkCost(c: number, i: number, j: number): void {
  if (typeof c === 'number' && c > -Infinity) return
  throw new InvalidInputError(
    `transport: cost[${i}][${j}] must be a number or Infinity (a forbidden pair), got ${describe(c)}`,
    { argument: `cost[${i}][${j}]`, expected: 'a number or Infinity', received: describe(c) },
  )
}

function isNested(given: ArrayLike<unknown>): given is ArrayLike<ArrayLike<number>> {
  return given.length > 0 && typeof given[0] === 'object' && given[0] !== null
}

/**
 * Points as one flat row-major array.
 *
 * @throws {ShapeError} if rows differ in length
 * @throws {InvalidInputError} if a coordinate is not finite
 */
export function flatPoints(
  name: string,
  given: Points,
): { coordinates: Float64Array; dimension: number; count: number } {
  let coordinates: Float64Array
  let dimension: number
  if ('coordinates' in given) {
    dimension = given.dimension
    if (!Number.isInteger(dimension) || dimension < 1 || given.coordinates.length % dimension !== 0) {
      throw new ShapeError(
        `transport: ${name}.coordinates has length ${given.coordinates.length}, which is no multiple of dimension ${describe(dimension)}`,
        { argument: name, expected: 'a whole number of points', received: `length ${given.coordinates.length}` },
      )
    }
    coordinates = Float64Array.from(given.coordinates)
  } else {
    if (typeof given !== 'object' || typeof given.length !== 'number' || !isNested(given)) {
      throw new InvalidInputError(
        `transport: ${name} must be a list of points (each a list of coordinates) or { coordinates, dimension }, got ${describe(given)}`,
        { argument: name, expected: 'a list of points', received: describe(given) },
      )
    }
    dimension = given[0].length
    if (dimension < 1) throw new ShapeError(`transport: ${name}[0] has no coordinates`, { argument: name })
    coordinates = new Float64Array(given.length * dimension)
    for (let i = 0; i < given.length; i++) {
      if (given[i].length !== dimension) {
        throw new ShapeError(
          `transport: ${name}[${i}] has ${given[i].length} coordinates, but ${name}[0] has ${dimension}`,
          { argument: `${name}[${i}]`, expected: `${dimension} coordinates`, received: String(given[i].length) },
        )
      }
      for (let k = 0; k < dimension; k++) coordinates[i * dimension + k] = given[i][k]
    }
  }
  for (let k = 0; k < coordinates.length; k++) {
    if (Number.isFinite(coordinates[k])) continue
    const place = `${name}[${Math.floor(k / dimension)}][${k % dimension}]`
    throw new InvalidInputError(`transport: ${place} must be finite, got ${coordinates[k]}`, {
      argument: place,
      expected: 'a finite number',
      received: String(coordinates[k]),
    })
  }
  return { coordinates, dimension, count: coordinates.length / dimension }
}

function normalized(
  name: string,
  points: Float64Array,
  dimension: number,
): { points: Float64Array; lengths: Float64Array } {
  const out = points.slice()
  const lengths = new Float64Array(out.length / dimension)
  for (let i = 0; i < out.length; i += dimension) {
    let squares = 0
    for (let k = 0; k < dimension; k++) squares += out[i + k] * out[i + k]
    if (!(squares > 0)) {
      throw new InvalidInputError(
        `transport: ${name}[${i / dimension}] is the zero vector, which has no cosine distance; remove it or use another metric`,
        { argument: name, expected: 'nonzero points', received: 'a zero point' },
      )
    }
    const length = Math.sqrt(squares)
    lengths[i / dimension] = length
    for (let k = 0; k < dimension; k++) out[i + k] /= length
  }
  return { points: out, lengths }
}

/** No distance between the two boxes around the clouds is larger. */
function boxBound(source: Float64Array, target: Float64Array, dimension: number, metric: Metric): number {
  if (metric === 'cosine') return 2
  let sum = 0
  for (let k = 0; k < dimension; k++) {
    let lowS = Infinity
    let highS = -Infinity
    let lowT = Infinity
    let highT = -Infinity
    for (let i = k; i < source.length; i += dimension) {
      lowS = Math.min(lowS, source[i])
      highS = Math.max(highS, source[i])
    }
    for (let j = k; j < target.length; j += dimension) {
      lowT = Math.min(lowT, target[j])
      highT = Math.max(highT, target[j])
    }
    const d = Math.max(highS - lowT, highT - lowS, 0)
    sum += metric === 'l1' ? d : d * d
  }
  return metric === 'euclidean' ? Math.sqrt(sum) : sum
}

function pointCost(given: PointCost, n: number, m: number): Cost {
  const metric = given.metric ?? 'squared-euclidean'
  if (!metrics.includes(metric)) {
    throw new InvalidInputError(
      `transport: unknown metric ${describe(metric)}; expected one of ${metrics.join(', ')}`,
      {
        argument: 'cost.metric',
        expected: metrics.join(', '),
        received: describe(metric),
      },
    )
  }
  const source = flatPoints('cost.source', given.source)
  const target = given.target === undefined ? source : flatPoints('cost.target', given.target)
  if (source.dimension !== target.dimension) {
    throw new ShapeError(
      `transport: source points have ${source.dimension} coordinates, target points ${target.dimension}`,
      { argument: 'cost.target', expected: `${source.dimension} coordinates`, received: String(target.dimension) },
    )
  }
  if (source.count !== n || target.count !== m) {
    throw new ShapeError(
      `transport: cost has ${source.count} source and ${target.count} target points, but a has length ${n} and b has length ${m}`,
      { argument: 'cost', expected: `${n} and ${m} points`, received: `${source.count} and ${target.count} points` },
    )
  }
  const { dimension } = source
  const units =
    metric === 'cosine'
      ? [
          normalized('cost.source', source.coordinates, dimension),
          normalized('cost.target', target.coordinates, dimension),
        ]
      : null
  const from = units ? units[0].points : source.coordinates
  const to = units ? units[1].points : target.coordinates
  const largest = boxBound(from, to, dimension, metric)
  if (!(largest < 1e300)) {
    throw new InvalidInputError(
      `transport: the distances between the points overflow (about ${largest}); rescale them`,
      {
        argument: 'cost',
      },
    )
  }
  return {
    kind: 'points',
    source: from,
    target: to,
    dimension,
    metric,
    largest,
    forbidden: false,
    ...(units && { sourceLengths: units[0].lengths, targetLengths: units[1].lengths }),
  }
}

function matrixCost(values: Float64Array, n: number, m: number): Cost {
  let largest = largestMagnitude(values)
  let forbidden = false
  if (!(largest < Infinity)) {
    largest = 0
    for (let k = 0; k < values.length; k++) {
      const c = values[k]
      checkCost(c, Math.floor(k / m), k % m)
      if (c === Infinity) forbidden = true
      else largest = Math.max(largest, Math.abs(c))
    }
  }
  if (values.length !== n * m) {
    throw new ShapeError(
      `transport: cost has ${values.length} entries, but a has length ${n} and b has length ${m}; expected ${n} * ${m} = ${n * m}`,
      { argument: 'cost', expected: `${n * m} entries`, received: String(values.length) },
    )
  }
  return { kind: 'matrix', values, largest, forbidden }
}

/**
 * Checks a cost against the lengths of the weights.
 *
 * @throws {ShapeError} if the sizes do not fit
 * @throws {InvalidInputError} for entries that are NaN or -Infinity
 */
export function checkedCost(given: CostInput, n: number, m: number): Cost {
  if (typeof given === 'function') return { kind: 'function', at: given }
  if (typeof given !== 'object' || given === null) {
    throw new InvalidInputError(
      `transport: cost must be a matrix, { source, target } points or a function, got ${describe(given)}`,
      { argument: 'cost', expected: 'a matrix, points or a function', received: describe(given) },
    )
  }
  if ('source' in given) return pointCost(given, n, m)
  if (typeof given.length !== 'number') {
    throw new InvalidInputError(
      `transport: cost must be a matrix, { source, target } points or a function, got ${describe(given)}`,
      { argument: 'cost', expected: 'a matrix, points or a function', received: describe(given) },
    )
  }
  if (!isNested(given)) {
    return matrixCost(given instanceof Float64Array ? given : Float64Array.from(given as ArrayLike<number>), n, m)
  }
  if (given.length !== n) {
    throw new ShapeError(
      `transport: cost has shape [${given.length}, ${given[0].length}], but a has length ${n}; expected a.length === ${given.length}`,
      { argument: 'cost', expected: `${n} rows`, received: `${given.length} rows` },
    )
  }
  const values = new Float64Array(n * m)
  for (let i = 0; i < n; i++) {
    if (given[i].length !== m) {
      throw new ShapeError(
        `transport: cost row ${i} has length ${given[i].length}, but b has length ${m}; expected b.length === ${given[i].length}`,
        { argument: `cost[${i}]`, expected: `length ${m}`, received: `length ${given[i].length}` },
      )
    }
    values.set(given[i], i * m)
  }
  return matrixCost(values, n, m)
}
