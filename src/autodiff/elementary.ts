import { elementwise, Node, topological, type UnaryName } from './node.ts'
import { abs, constant, cos, div, exp, expm1, lessThan, mul, sin, sqrt, square, sub, where } from './operations.ts'

/**
 * Replaces functions for which there is neither an instruction nor a kernel by expressions in those for which there is:
 * they then run on vectors, and have the same bits on every engine (which `Math` does not promise).
 *
 * @param largest beyond this, exp is close to overflow: 700 in double, 80 in single precision
 * @param missing whether a function has no kernel
 */
export function writeOutFunctions(
  outputs: readonly Node[],
  largest: number,
  missing: (name: UnaryName) => boolean,
): Node[] {
  const replaced = new Map<Node, Node>()
  for (const node of topological(outputs)) {
    const inputs = node.inputs.map((input) => replaced.get(input) as Node)
    const { operation } = node
    const made = operation.kind === 'elementwise' ? writtenOut(operation.name, inputs[0], largest, missing) : undefined
    const same = inputs.every((input, i) => input === node.inputs[i])
    replaced.set(node, made ?? (same ? node : new Node(operation, inputs, node.shape)))
  }
  return outputs.map((output) => replaced.get(output) as Node)
}

function writtenOut(name: string, x: Node, largest: number, missing: (name: UnaryName) => boolean): Node | undefined {
  switch (name) {
    case 'tan':
      return missing(name) ? sin(x).div(cos(x)) : undefined
    case 'sinh':
      return missing(name) ? hyperbolicSine(x, largest) : undefined
    case 'cosh':
      return missing(name) ? hyperbolicCosine(x, largest) : undefined
    case 'atan':
      return missing(name) ? inverseTangent(x) : undefined
    case 'asin':
      return missing(name) ? inverseTangent(x.div(sqrt(sub(1, x).mul(x.add(1))))) : undefined
    case 'acos':
      // Half angles keep the digits near 1, where the arc is small.
      return missing(name) ? inverseTangent(sqrt(sub(1, x).div(x.add(1)))).mul(2) : undefined
    default:
      return undefined
  }
}

/** e^|x| / 2 without overflow before the result overflows. */
function halfPower(magnitude: Node): Node {
  const root = exp(magnitude.mul(0.5))
  return root.mul(0.5).mul(root)
}

function hyperbolicSine(x: Node, largest: number): Node {
  const magnitude = abs(x)
  const t = expm1(magnitude)
  const result = where(lessThan(magnitude, largest), t.add(t.div(t.add(1))).mul(0.5), halfPower(magnitude))
  return where(lessThan(x, 0), result.neg(), result)
}

function hyperbolicCosine(x: Node, largest: number): Node {
  const magnitude = abs(x)
  const t = exp(magnitude)
  return where(lessThan(magnitude, largest), t.mul(0.5).add(div(0.5, t)), halfPower(magnitude))
}

// Coefficients of the odd polynomial for |t| < 7/16, and arctangents of 1/2, 1, 3/2 and infinity in two parts.
const even = [
  3.33333333333329318027e-1, 1.42857142725034663711e-1, 9.0908871334365065619e-2, 6.6610731373875312067e-2,
  4.97687799461593236e-2, 1.62858201153657823623e-2,
]
const odd = [
  -1.99999999998764832476e-1, -1.1111110405462355788e-1, -7.69187620504482999495e-2, -5.8335701337905734818e-2,
  -3.6531572744216915527e-2,
]
const high = [4.63647609000806093515e-1, Math.PI / 4, 9.82793723247329054082e-1, Math.PI / 2]
const low = [
  2.26987774529616870924e-17, 3.06161699786838301793e-17, 1.39033110312309984516e-17, 6.12323399573676603587e-17,
]

function polynomial(z: Node, coefficients: readonly number[]): Node {
  let value: Node = constant(coefficients[coefficients.length - 1])
  for (let k = coefficients.length - 2; k >= 0; k--) value = value.mul(z).add(coefficients[k])
  return value
}

/**
 * atan by reduction to |t| < 7/16 about 0, 1/2, 1, 3/2 or infinity. Error below 1 ulp in double precision.
 *
 * @see the interval bounds and the polynomial of FreeBSD's msun s_atan.c
 */
function inverseTangent(x: Node): Node {
  const a = abs(x)
  const bounds = [7 / 16, 11 / 16, 19 / 16, 39 / 16].map((bound) => lessThan(a, bound))
  /** The value for the interval of `a`: the last one beyond all bounds and for NaN. */
  const pick = (...values: (Node | number)[]): Node =>
    bounds.reduceRight<Node>((rest, below, k) => where(below, values[k], rest), constant(values[4] as number))
  const numerator = pick(a, a.mul(2).sub(1), a.sub(1), a.sub(1.5), -1)
  const denominator = where(bounds[3], pick(1, a.add(2), a.add(1), a.mul(1.5).add(1), 1), a)
  const t = numerator.div(denominator)
  const z = square(t)
  const w = square(z)
  const series = mul(z, polynomial(w, even)).add(mul(w, polynomial(w, odd)))
  const corrected = t
    .mul(series)
    .sub(pick(0, ...low))
    .sub(t)
  const result = pick(0, ...high).sub(corrected)
  return where(elementwise('lt', [x, 0]), result.neg(), result)
}
