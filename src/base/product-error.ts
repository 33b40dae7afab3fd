/** Veltkamp's constant 2^27 + 1: splits a double into two halves whose products are exact. */
const SPLITTER = 134217729

/**
 * What the product of two finite numbers lost when it was rounded to `product`, exactly, so that x y = product + error. No
 * operand may exceed 2^990 in size: its halves would overflow, and the error is then not finite.
 *
 * @see Dekker, A floating-point technique for extending the available precision, Numerische Mathematik 18 (1971)
 */
export function productError(x: number, y: number, product: number): number {
  const cx = SPLITTER * x
  const xh = cx - (cx - x)
  const xl = x - xh
  const cy = SPLITTER * y
  const yh = cy - (cy - y)
  const yl = y - yh
  return xl * yl - (product - xh * yh - xl * yh - xh * yl)
}
