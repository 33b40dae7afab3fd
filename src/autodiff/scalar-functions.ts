import {
  portableAtan,
  portableCos,
  portableExp,
  portableExpm1,
  portableLog,
  portableLog1p,
  portablePow,
  portableSin,
} from '../base/index.ts'
import type { ElementwiseName } from './node.ts'

/**
 * The error function, to about 1e-16: Maclaurin series near 0, continued fraction of the complement elsewhere.
 *
 * @see Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 7.1.5 and 7.1.14
 */
export function errorFunction(x: number): number {
  const z = Math.abs(x)
  if (Number.isNaN(x)) return x
  if (z > 6) return Math.sign(x)
  if (z < 2.5) {
    // 2/sqrt(pi) e^{-x^2} sum_n 2^n x^{2n+1} / (2n+1)!!: all terms of one sign.
    let term = x
    let total = x
    for (let n = 1; n < 200; n++) {
      term *= (2 * x * x) / (2 * n + 1)
      total += term
      if (Math.abs(term) < 1e-17 * Math.abs(total)) break
    }
    return (2 / Math.sqrt(Math.PI)) * portableExp(-x * x) * total
  }
  // erfc(z) = e^{-z^2} / sqrt(pi) / (z + (1/2)/(z + 1/(z + (3/2)/(z + ...))))
  let fraction = z
  for (let k = 60; k >= 1; k--) fraction = z + k / 2 / fraction
  return Math.sign(x) * (1 - portableExp(-z * z) / Math.sqrt(Math.PI) / fraction)
}

/** e^a / 2 without overflow before the result overflows. */
function halfPower(a: number): number {
  const root = portableExp(a * 0.5)
  return root * 0.5 * root
}

function hyperbolicSine(x: number): number {
  const a = Math.abs(x)
  const t = portableExpm1(a)
  const result = a < 700 ? (t + t / (t + 1)) * 0.5 : halfPower(a)
  return x < 0 ? -result : Object.is(x, -0) ? x : result
}

function hyperbolicCosine(a: number): number {
  const t = portableExp(a)
  return a < 700 ? t * 0.5 + 0.5 / t : halfPower(a)
}

function hyperbolicTangent(x: number): number {
  const a = Math.abs(x)
  if (a > 22) return Math.sign(x)
  // Twice the half, so that the smallest numbers stay as they are.
  const t = portableExpm1(2 * a)
  return a < 1e-300 ? x : Math.sign(x) * (t / (t + 2))
}

/** One element of an element-wise operation in double precision: the definition that compiled code is tested against. */
export function evaluateElementwise(name: ElementwiseName, [x, y, z]: readonly number[]): number {
  switch (name) {
    case 'neg':
      return -x
    case 'abs':
      return Math.abs(x)
    case 'sign':
      return Math.sign(x)
    case 'sqrt':
      return Math.sqrt(x)
    case 'square':
      return x * x
    case 'exp':
      return portableExp(x)
    case 'log':
      return portableLog(x)
    case 'expm1':
      return portableExpm1(x)
    case 'log1p':
      return portableLog1p(x)
    case 'sin':
      return portableSin(x)
    case 'cos':
      return portableCos(x)
    case 'tan':
      return portableSin(x) / portableCos(x)
    case 'asin':
      return portableAtan(x / Math.sqrt((1 - x) * (x + 1)))
    case 'acos':
      return 2 * portableAtan(Math.sqrt((1 - x) / (x + 1)))
    case 'atan':
      return portableAtan(x)
    case 'sinh':
      return hyperbolicSine(x)
    case 'cosh':
      return hyperbolicCosine(Math.abs(x))
    case 'tanh':
      return hyperbolicTangent(x)
    case 'sigmoid': {
      const t = portableExp(-Math.abs(x))
      return x >= 0 ? 1 / (1 + t) : t / (1 + t)
    }
    case 'softplus':
      return Math.max(x, 0) + portableLog1p(portableExp(-Math.abs(x)))
    case 'erf':
      return errorFunction(x)
    case 'relu':
      return Math.max(x, 0)
    case 'floor':
      return Math.floor(x)
    case 'ceil':
      return Math.ceil(x)
    case 'add':
      return x + y
    case 'sub':
      return x - y
    case 'mul':
      return x * y
    case 'div':
      return x / y
    case 'pow':
      return portablePow(x, y)
    case 'min':
      return Math.min(x, y)
    case 'max':
      return Math.max(x, y)
    case 'lt':
      return x < y ? 1 : 0
    case 'le':
      return x <= y ? 1 : 0
    case 'eq':
      return x === y ? 1 : 0
    case 'where':
      return x !== 0 ? y : z
  }
}
