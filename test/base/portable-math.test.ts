import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import * as portable from '../../src/base/portable-math.ts'
import { RandomStream } from '../../src/base/random.ts'
import { Workspace } from '../../src/linalg/index.ts'
import * as reference from '../linalg/reference.ts'

const {
  portableAtan,
  portableAtan2,
  portableCbrt,
  portableCos,
  portableExp,
  portableExpm1,
  portableHypot,
  portableLog,
  portableLog1p,
  portablePow,
  portableSin,
} = portable
const random = RandomStream.fromSeed(5)
const between = (low: number, high: number): number => random.uniformBetween(low, high)
const bits = new DataView(new ArrayBuffer(8))

/** Any double: all signs and exponents alike, NaN and subnormal numbers included. */
function anyNumber(): number {
  bits.setInt32(0, random.int32())
  bits.setInt32(4, random.int32())
  return bits.getFloat64(0)
}

const special = [0, 1, 2, 0.5, 709.78, 710, 745.2, Infinity, Number.MIN_VALUE, 1e-310, Number.MAX_VALUE, Number.NaN]

describe('functions that are also kernels', () => {
  const { kernels } = new Workspace(1 << 16)
  it.each([
    ['exp', portableExp],
    ['log', portableLog],
    ['expm1', portableExpm1],
    ['log1p', portableLog1p],
    ['sin', portableSin],
    ['cos', portableCos],
  ] as const)('%s has the bits of the kernel, whose accuracy is tested there', (name, f) => {
    const kernel = kernels[`${name}_f64_scalar`]
    const values = special.flatMap((x) => [x, -x])
    for (let i = 0; i < 20_000; i++) values.push(anyNumber(), between(-750, 750), between(-3, 3), between(-2e6, 2e6))
    expect(values.find((x) => !Object.is(f(x), kernel(x)))).toBe(undefined)
  })
})

describe('portablePow', () => {
  /** The error in units in the last place, for x > 0; NaN where the power overflows. */
  const error = (x: number, y: number): number => {
    const { m, k } = reference.expScaled(reference.times(reference.log(x), [y, 0]))
    return reference.ulps(portablePow(x, y), m, k, 53, -1074)
  }
  const anyBase = (): number => 2 ** between(-1000, 1000)

  it.each<[string, number, () => [number, number]]>([
    ['all powers in range', 0.75, () => ((x) => [x, between(-708, 709) / Math.log(x)])(anyBase())],
    ['ordinary powers', 0.75, () => [between(0, 10), between(-9, 9)]],
    ['integer powers', 0.75, () => [between(0, 10), 5 + random.integer(60)]],
    ['large powers of numbers near 1', 0.75, () => [1 + between(-1e-12, 1e-12), between(-5e14, 5e14)]],
    ['roots of subnormal numbers', 0.75, () => [5e-324 * (2 + random.integer(1e6)), between(-0.9, 0.9)]],
    ['results below the normal numbers', 0.8, () => ((x) => [x, between(-745, -708) / Math.log(x)])(anyBase())],
    ['third and fourth powers', 0.51, () => [between(0, 10), 3 + random.integer(2)]],
  ])('is accurate to the stated bound for %s', (_, bound, draw) => {
    let worst = 0
    for (let i = 0; i < 20_000; i++) {
      const [x, y] = draw()
      const ulps = error(x, y)
      if (!(ulps <= worst)) worst = ulps
    }
    expect(worst).toBeLessThanOrEqual(bound)
    // A comparison with the wrong function, or with itself, would show.
    expect(worst).toBeGreaterThan(0.4)
  })

  it('gives powers that a double can hold exactly', () => {
    for (let base = 2; base <= 100; base++) {
      let power = 1n
      for (let y = 0; power < 2n ** 53n; y++) {
        expect(portablePow(base, y)).toBe(Number(power))
        expect(portablePow(-base, y)).toBe(Number(power) * (y % 2 ? -1 : 1))
        power *= BigInt(base)
      }
    }
    for (let k = -1074; k <= 1023; k++) expect(portablePow(2, k)).toBe(2 ** k)
    expect(portablePow(0.25, 0.5)).toBe(0.5)
    expect(portablePow(2.25, 1.5)).toBe(3.375)
  })

  it('treats zeros, infinities, NaN, negative bases and subnormal numbers as Math.pow does', () => {
    const values = [...special, 3, 4, 5, 1.5, 1 / 3, 2 ** 53, 2 ** 53 - 1, 2 ** 64, 1e300, 1 - 2 ** -53, 1 + 2 ** -52]
    for (const x of values.flatMap((x) => [x, -x])) {
      for (const y of values.flatMap((y) => [y, -y])) {
        const got = portablePow(x, y)
        const near = x ** y
        if (Number.isFinite(near) && near !== 0) {
          expect(Math.abs(got / near - 1) < 1e-15 || Math.abs(got - near) <= 5e-324, `${x} ** ${y} = ${got}`).toBe(true)
        } else expect(Object.is(got, near), `${x} ** ${y} = ${got}, not ${near}`).toBe(true)
      }
    }
  })
})

describe('roots and angles', () => {
  // One step of Newton's method from the root, with the residual in double length, measures its error.
  it('portableCbrt and portableHypot are accurate to their bounds', () => {
    let worst = 0
    for (let i = 0; i < 20_000; i++) {
      const x = 2 ** between(-900, 900)
      const r = portableCbrt(x)
      const residual = reference.add(reference.times(reference.times([r, 0], [r, 0]), [r, 0]), [-x, 0])
      worst = Math.max(
        worst,
        Math.abs(residual[0] / (3 * r * r) / (r * 2 ** -52)) * (r / 2 ** Math.floor(Math.log2(r))),
      )
      expect(portableCbrt(-x)).toBe(-r)
    }
    expect(worst).toBeLessThan(0.75)
    worst = 0
    for (let i = 0; i < 20_000; i++) {
      const x = between(0, 1)
      const y = between(0, 1)
      const r = portableHypot(x, -y)
      const squares = reference.add(reference.times([x, 0], [x, 0]), reference.times([y, 0], [y, 0]))
      const residual = reference.add(reference.times([r, 0], [r, 0]), [-squares[0], -squares[1]])
      worst = Math.max(worst, Math.abs(residual[0] / (2 * r)) / 2 ** (Math.floor(Math.log2(r)) - 52))
      for (const scale of [2 ** 1000, 2 ** -990]) expect(portableHypot(x * scale, y * scale)).toBe(r * scale)
    }
    expect(worst).toBeLessThan(1.2)
    for (const f of [portableCbrt, Math.cbrt]) {
      for (const x of [0, -0, Infinity, -Infinity, Number.NaN]) expect(f(x)).toBe(x)
      expect(f(27)).toBe(3)
    }
    for (const f of [portableHypot, Math.hypot]) {
      expect([f(0, -0), f(3, 4), f(Number.NaN, -Infinity), f(Number.NaN, 1), f(5e-324, 0)]).toEqual([
        0,
        5,
        Infinity,
        Number.NaN,
        5e-324,
      ])
    }
  })

  it('portableAtan and portableAtan2 invert sine and cosine, and have the special values of Math', () => {
    for (let i = 0; i < 20_000; i++) {
      const x = i % 2 ? between(-4, 4) : 2 ** between(-1000, 1000)
      const angle = portableAtan(x)
      // tan(angle + d) = x for d = (x cos - sin) / (cos + x sin).
      const sine = reference.sine(angle)
      const cosine = reference.sine(angle, 1)
      const residual = reference.add(reference.times([x, 0], cosine), [-sine[0], -sine[1]])
      const step = residual[0] / (cosine[0] + x * sine[0])
      if (Number.isFinite(step)) expect(Math.abs(step / angle)).toBeLessThan(2 ** -52)
      const y = between(-4, 4)
      expect(Math.abs(portableAtan2(y, x) - Math.atan2(y, x))).toBeLessThan(1e-15)
      expect(Math.abs(portableAtan2(y, -x) - Math.atan2(y, -x))).toBeLessThan(1e-15)
    }
    for (const y of [0, -0, 1, -1, Infinity, -Infinity]) {
      expect(portableAtan(y)).toBe(Math.atan(y))
      for (const x of [0, -0, 2, -2]) expect(Object.is(portableAtan2(y, x), Math.atan2(y, x)), `${y} ${x}`).toBe(true)
    }
    expect(portableAtan(Number.NaN)).toBeNaN()
  })
})

describe('the library', () => {
  // What is printed may differ in the last place, and the engines' own rooms are not ours.
  const exempt =
    /\/(cli|drawing|inputs|mip|node)\/|portable-math|format-number|progress-lines|autodiff\/simplify|generated/
  const engineFunctions =
    'exp log expm1 log1p log2 log10 pow sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh cbrt hypot'
  const forbidden = new Set(engineFunctions.split(' '))

  it('calls no function of Math whose last bit is left to the engine', () => {
    const root = fileURLToPath(new URL('../../src/', import.meta.url))
    const found: string[] = []
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
    expect(files.length).toBeGreaterThan(200)
    for (const file of files) {
      if (exempt.test(`/${file}`)) continue
      const source = ts.createSourceFile(file, readFileSync(root + file, 'utf8'), ts.ScriptTarget.Latest, true)
      const visit = (node: ts.Node): void => {
        const property = ts.isPropertyAccessExpression(node) && node.expression.getText() === 'Math' && node.name.text
        if (property && forbidden.has(property)) found.push(`${file}: ${node.getText()}`)
        // Squares and powers of two are exact, or rounded once, in every engine.
        if (
          ts.isBinaryExpression(node) &&
          node.operatorToken.kind === ts.SyntaxKind.AsteriskAsteriskToken &&
          node.right.getText() !== '2' &&
          node.left.getText() !== '2'
        ) {
          found.push(`${file}: ${node.getText()}`)
        }
        if (ts.isVariableDeclaration(node) && node.initializer?.getText() === 'Math') {
          for (const name of /\w+/g[Symbol.match](node.name.getText()) ?? []) {
            if (forbidden.has(name)) found.push(`${file}: ${name} of Math`)
          }
        }
        ts.forEachChild(node, visit)
      }
      visit(source)
    }
    expect(found).toEqual([])
  })
})
