import { ShapeError } from '../base/errors.ts'

/** The lengths of the axes of an array; `[]` is a scalar. Row-major: the last axis is contiguous. */
export type Shape = readonly number[]

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1
  for (const n of shape) size *= n
  return size
}

/** Distance in elements between neighbours along each axis of a contiguous row-major array. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = stride
    stride *= shape[d]
  }
  return strides
}

/** A shape for messages: `[3, 4]`, `[] (a scalar)`. */
export function shapeText(shape: Shape): string {
  return shape.length === 0 ? '[] (a scalar)' : `[${shape.join(', ')}]`
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((n, d) => n === b[d])
}

/** Throws unless every length is a positive integer. */
export function checkShape(where: string, shape: Shape): void {
  for (const n of shape) {
    if (!Number.isInteger(n) || n < 1) {
      throw new ShapeError(`${where}: a shape consists of integers >= 1, got [${shape.join(', ')}]`, {
        argument: where,
        expected: 'integers >= 1',
        received: `[${shape.join(', ')}]`,
      })
    }
  }
}

/** The common shape of operands: axes are aligned at the right, and an axis of length 1 stretches. */
export function broadcastShapes(where: string, shapes: readonly Shape[]): number[] {
  const rank = Math.max(0, ...shapes.map((s) => s.length))
  const out = new Array<number>(rank).fill(1)
  for (const shape of shapes) {
    for (let d = 0; d < shape.length; d++) {
      const at = rank - shape.length + d
      if (shape[d] === out[at] || shape[d] === 1) continue
      if (out[at] !== 1) {
        const all = shapes.map(shapeText).join(' and ')
        throw new ShapeError(
          `${where}: shapes ${all} do not fit: axis ${at - rank} has lengths ${out[at]} and ${shape[d]}; ` +
            'lengths must agree, or one of them be 1',
          { argument: where, expected: 'shapes that broadcast', received: all },
        )
      }
      out[at] = shape[d]
    }
  }
  return out
}

/** Strides with which an operand of `shape` is read by an operation of shape `target`: 0 along stretched axes. */
export function broadcastStrides(shape: Shape, strides: readonly number[], target: Shape): number[] {
  const lead = target.length - shape.length
  return target.map((n, d) => (d < lead || (shape[d - lead] === 1 && n !== 1) ? 0 : strides[d - lead]))
}

/** An axis in [-rank, rank) as one in [0, rank). */
export function checkedAxis(where: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError(`${where}: axis ${axis} does not exist in an array with ${rank} axes`, {
      argument: 'axis',
      expected: `an integer in [${-rank}, ${rank})`,
      received: String(axis),
    })
  }
  return axis < 0 ? axis + rank : axis
}

/** Where a view starts in its array, and how far apart its neighbours lie along each of its axes, in elements. */
export interface Affine {
  readonly offset: number
  readonly strides: readonly number[]
}

/** Whether a view of `shape` reads an array of the same number of elements in its own order. */
export function isContiguous(shape: Shape, { offset, strides }: Affine): boolean {
  if (offset !== 0) return false
  let expected = 1
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] === 1) continue
    if (strides[d] !== expected) return false
    expected *= shape[d]
  }
  return true
}

/**
 * The single view equal to `outer` of `inner`, or undefined where none exists.
 *
 * `inner` maps indices of `innerShape` to a base array, `outer` maps indices of `outerShape` to the row-major positions of
 * `innerShape`. Each outer stride is written as steps along inner axes; the composition is affine when no position that
 * the outer view visits carries from one inner axis into the next.
 */
export function composeViews(
  innerShape: Shape,
  inner: Affine,
  outerShape: Shape,
  outer: Affine,
): { offset: number; strides: number[] } | undefined {
  // Neighbouring inner axes that lie one after the other in the base count as one: a carry between them is harmless.
  const shape: number[] = []
  const strides: number[] = []
  for (let d = 0; d < innerShape.length; d++) {
    if (innerShape[d] === 1) continue
    const last = shape.length - 1
    if (last >= 0 && strides[last] === inner.strides[d] * innerShape[d]) {
      shape[last] *= innerShape[d]
      strides[last] = inner.strides[d]
    } else {
      shape.push(innerShape[d])
      strides.push(inner.strides[d])
    }
  }
  const rows = rowMajorStrides(shape)
  const low = new Array<number>(shape.length)
  const high = new Array<number>(shape.length)
  let rest = outer.offset
  let offset = inner.offset
  for (let d = 0; d < shape.length; d++) {
    const steps = Math.floor(rest / rows[d])
    rest -= steps * rows[d]
    low[d] = high[d] = steps
    offset += steps * strides[d]
  }
  const composed = new Array<number>(outerShape.length).fill(0)
  for (let j = 0; j < outerShape.length; j++) {
    if (outerShape[j] === 1) continue
    const sign = outer.strides[j] < 0 ? -1 : 1
    let left = Math.abs(outer.strides[j])
    for (let d = 0; d < shape.length; d++) {
      let steps = Math.floor(left / rows[d])
      left -= steps * rows[d]
      steps *= sign
      composed[j] += steps * strides[d]
      if (steps > 0) high[d] += steps * (outerShape[j] - 1)
      else low[d] += steps * (outerShape[j] - 1)
    }
  }
  for (let d = 0; d < shape.length; d++) if (low[d] < 0 || high[d] >= shape[d]) return undefined
  return { offset, strides: composed }
}
