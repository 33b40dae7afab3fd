import { ShapeError } from '../base/index.ts'
import type { DenseMatrix } from './types.ts'

/** @throws {ShapeError} if `data` does not have rows * cols elements, or sizes are not counts */
export function checkMatrix(where: string, name: string, a: DenseMatrix): void {
  if (a.data.length === a.rows * a.cols && a.rows >= 0 && Number.isInteger(a.rows) && Number.isInteger(a.cols)) return
  throw new ShapeError(`${where}: ${name} has shape [${a.rows}, ${a.cols}], but ${a.data.length} numbers`, {
    argument: `${name}.data`,
    expected: `length ${a.rows * a.cols}`,
    received: `length ${a.data.length}`,
  })
}

/** @throws {ShapeError} if the matrix is not square */
export function checkSquare(where: string, a: DenseMatrix): void {
  checkMatrix(where, 'a', a)
  if (a.rows === a.cols) return
  throw new ShapeError(`${where}: a must be square, got shape [${a.rows}, ${a.cols}]`, {
    argument: 'a',
    expected: 'a square matrix',
    received: `shape [${a.rows}, ${a.cols}]`,
  })
}

/** @throws {ShapeError} if the vector does not have `length` elements */
export function checkLength(where: string, name: string, x: Float64Array, length: number): void {
  if (x.length === length) return
  throw new ShapeError(`${where}: ${name} has length ${x.length}, expected ${length}`, {
    argument: name,
    expected: `length ${length}`,
    received: `length ${x.length}`,
  })
}

/** @throws {ShapeError} if the matrix does not have this shape */
export function checkShape(where: string, name: string, a: DenseMatrix, rows: number, cols: number): void {
  checkMatrix(where, name, a)
  if (a.rows === rows && a.cols === cols) return
  throw new ShapeError(`${where}: ${name} has shape [${a.rows}, ${a.cols}], expected [${rows}, ${cols}]`, {
    argument: name,
    expected: `shape [${rows}, ${cols}]`,
    received: `shape [${a.rows}, ${a.cols}]`,
  })
}
