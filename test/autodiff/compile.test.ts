import { getHeapStatistics } from 'node:v8'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  acos,
  add,
  argmin,
  asin,
  atan,
  type CompiledFunction,
  checkHessian,
  colorSymmetric,
  compile,
  concatenate,
  constant,
  cos,
  cosh,
  dot,
  exp,
  gather,
  inputNode,
  interpret,
  log,
  logSumExp,
  matmul,
  max,
  maximum,
  minimum,
  mul,
  type Node,
  oracle,
  outer,
  parameters,
  reshape,
  scatterAdd,
  sigmoid,
  sign,
  simplify,
  sin,
  sinh,
  slice,
  softmax,
  sqrt,
  square,
  stack,
  sub,
  sum,
  tan,
  tanh,
  transpose,
  where,
  zeros,
} from '../../src/autodiff/index.ts'
import { InvalidInputError, OptionError, ShapeError, UnsupportedError } from '../../src/base/errors.ts'
import { RandomStream } from '../../src/base/random.ts'
import { difference, inner, product, seeds, uniform, uniformFrom } from './support.ts'

const vector = (n: number): Float64Array => new Float64Array(n)

/** A random expression in x: grows a list of arrays by random operations on random members. */
function randomExpression(x: Node, stream: RandomStream, operations: number): Node {
  const pool: Node[] = [x]
  const pick = (): Node => pool[stream.integer(pool.length)]
  for (let k = 0; k < operations; k++) {
    const a = pick()
    const b = pick()
    const rank = a.shape.length
    const axis = rank > 0 ? stream.integer(rank) : 0
    const fits = (p: Node, q: Node): boolean =>
      p.shape.every((n, d) => {
        const m = q.shape[q.shape.length - p.shape.length + d]
        return m === undefined || m === n || n === 1 || m === 1
      })
    let made: Node
    switch (stream.integer(22)) {
      case 0:
      case 1:
      case 2:
        if (!fits(a, b) || a.shape.length > b.shape.length) continue
        made = [add, sub, mul, minimum, maximum][stream.integer(5)](a, b)
        break
      case 3:
        made = tanh(a)
        break
      case 4:
        made = sin(a).mul(1 + stream.integer(3))
        break
      case 5:
        made = sigmoid(a.sub(0.5))
        break
      case 6:
        made = sqrt(square(a).add(1))
        break
      case 7:
        made = sum(a, { axes: rank > 0 ? axis : [], keepAxes: stream.uniform() < 0.5 }).div(4)
        break
      case 8:
        made = max(a, { axes: rank > 0 ? axis : [], keepAxes: stream.uniform() < 0.5 })
        break
      case 9:
        made = transpose(a)
        break
      case 10:
        made = reshape(a, [a.size])
        break
      case 11:
        if (rank === 0 || a.shape[0] < 2) continue
        made = stream.uniform() < 0.5 ? slice(a, [1]) : slice(a, [0, -1])
        break
      case 12:
        if (rank === 0 || a.size > 60) continue
        made = concatenate([a, exp(a.mul(-0.5)), a], axis)
        break
      case 13:
        if (a.size > 40) continue
        made = stack([a, tanh(a)], stream.integer(rank + 1))
        break
      case 14:
        if (rank !== 2) continue
        made = matmul(a, transpose(a)).div(4)
        break
      case 15:
        if (rank === 0) continue
        made = gather(
          a,
          Array.from({ length: 3 }, () => stream.integer(a.shape[axis])),
          axis,
        )
        break
      case 16:
        if (rank === 0) continue
        made = scatterAdd(
          a,
          Array.from({ length: a.shape[axis] }, () => stream.integer(4)),
          4,
          axis,
        )
        break
      case 17:
        made = where(square(a).sub(0.3), a, mul(a, 0.5))
        break
      case 18:
        if (rank === 0) continue
        made = softmax(a, axis)
        break
      case 19:
        if (a.size > 12 || b.size > 12) continue
        made = outer(a, b).div(2)
        break
      case 20:
        made = logSumExp(a).mul(a)
        break
      default:
        made = mul(0.5, a).sub(constant(uniform(stream, product(a.shape)), a.shape))
    }
    if (made.size > 400) continue
    pool.push(tanh(made))
  }
  return pool.reduce((total, node) => total.add(sum(square(node))), zeros([]) as Node)
}

describe('emitted code, simplification and the interpreter agree on random graphs', () => {
  test('values, gradients and Hessian products', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 3, max: 30 }), (seed, operations) => {
        const shapes = [[5], [3, 4], [2, 3, 2], [], [1, 6]]
        const shape = shapes[seed % shapes.length]
        const trace = (x: Node): Node => randomExpression(x, RandomStream.fromSeed(seed), operations)
        const n = product(shape)
        const [x, v] = [uniformFrom(seed + 1, n), uniformFrom(seed + 2, n)]

        const node = inputNode(shape)
        const plain = trace(node)
        const [before, after] = [[plain], simplify([plain])].map((out) => interpret(out, new Map([[node, x]]))[0][0])
        expect(difference([before], [after])).toBeLessThan(1e-12)

        const f = compile(trace, [{ shape }])
        const reference = compile(trace, [{ shape }], { execution: 'interpreter' })
        const [g, h] = [vector(n), vector(n)]
        expect(difference([f.valueAndGradient(x, g)], [reference.valueAndGradient(x, h)])).toBeLessThan(1e-11)
        expect(difference(g, h)).toBeLessThan(1e-9)
        expect(difference(f.hvp(x, v, g), reference.hvp(x, v, h))).toBeLessThan(1e-7)
      }),
      { numRuns: 30 },
    )
  })

  test('long vectors take unrolled loops and their remainders', () => {
    for (const n of [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 63, 64, 65, 127, 1001]) {
      for (const precision of ['f64', 'f32'] as const) {
        const trace = (x: Node): Node =>
          sum(square(x).sub(x))
            .add(max(x))
            .add(sum(exp(x.mul(0.3)).mul(x).add(1)))
        const f = compile(trace, [{ shape: [n] }], { precision })
        const reference = compile(trace, [{ shape: [n] }], { execution: 'interpreter' })
        const x = uniformFrom(n, n)
        const [g, h] = [vector(n), vector(n)]
        const tolerance = precision === 'f64' ? 1e-12 : 2e-5
        expect(difference([f.valueAndGradient(x, g)], [reference.valueAndGradient(x, h)])).toBeLessThan(tolerance)
        expect(difference(g, h)).toBeLessThan(tolerance)
      }
    }
  })

  test('elements at the end of a loop have the same bits as those in vectors', () => {
    const trace = (x: Node): Node =>
      tanh(exp(x))
        .mul(log(x.add(2)))
        .add(sigmoid(x))
        .add(sin(x))
    const long = compile(trace, [{ shape: [8] }]).values(vector(8).fill(0.37), vector(8))
    const odd = compile(trace, [{ shape: [7] }]).values(vector(7).fill(0.37), vector(7))
    const single = compile(trace, [{ shape: [] }]).values(vector(1).fill(0.37), vector(1))
    expect(new Set([...long, ...odd, ...single]).size).toBe(1)
  })
})

describe('elementary functions', () => {
  // Within a few units in the last place over their whole domain.
  test.each([
    ['atan', atan, Math.atan, -1e3, 1e3],
    ['atan of large numbers', (x: Node) => atan(exp(x)), (x: number) => Math.atan(Math.exp(x)), -40, 40],
    ['asin', asin, Math.asin, -1, 1],
    ['acos', acos, Math.acos, -1, 1],
    ['tan', tan, Math.tan, -20, 20],
    ['sinh', sinh, Math.sinh, -709, 709],
    ['sinh near 0', sinh, Math.sinh, -1e-3, 1e-3],
    ['cosh', cosh, Math.cosh, -709, 709],
    ['sin', sin, Math.sin, -1e4, 1e4],
    ['cos', cos, Math.cos, -1e4, 1e4],
    ['exp', exp, Math.exp, -700, 700],
    ['log', (x: Node) => log(square(x)), (x: number) => Math.log(x * x), -1e5, 1e5],
    ['tanh', tanh, Math.tanh, -30, 30],
  ] as const)('%s', (_, build, exact, low, high) => {
    const n = 2001
    const f = compile((x) => build(x), [{ shape: [n] }])
    const x = uniformFrom(11, n, low, high)
    const values = f.values(x, vector(n))
    let worst = 0
    for (let i = 0; i < n; i++) {
      const reference = exact(x[i])
      // Where values are large, the last place of the argument is worth several of the value.
      const units = Math.abs(reference) > 1e3 ? 16 : 4
      const allowed = Math.abs(reference) * units * Number.EPSILON + 4e-16
      worst = Math.max(worst, Math.abs(values[i] - reference) / allowed)
    }
    expect(worst).toBeLessThan(1.01)
  })

  test('special values', () => {
    const at = (build: (x: Node) => Node, x: number): number =>
      compile(build, [{ shape: [] }]).values(vector(1).fill(x), vector(1))[0]
    expect(at(atan, Infinity)).toBe(Math.PI / 2)
    expect(at(atan, -Infinity)).toBe(-Math.PI / 2)
    expect(at(atan, Number.NaN)).toBeNaN()
    expect(at(asin, 1)).toBe(Math.PI / 2)
    expect(at(acos, -1)).toBe(Math.PI)
    expect(at(acos, 1)).toBe(0)
    expect(at(asin, 1.1)).toBeNaN()
    expect(at(sinh, 800)).toBe(Infinity)
    expect(at(cosh, -800)).toBe(Infinity)
    expect(at(sinh, 710)).toBeCloseTo(Math.sinh(710), -295)
    expect(at(exp, -800)).toBe(0)
    expect(at(log, 0)).toBe(-Infinity)
    expect(at(log, -1)).toBeNaN()
    expect(at(sign, Number.NaN)).toBeNaN()
    expect(at((x) => maximum(x, 1), Number.NaN)).toBeNaN()
  })
})

describe('broadcasting follows the rule of aligned axes', () => {
  test('a[i, j] + b[j] and every other pair of shapes that fit', () => {
    const lengths = fc.tuple(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 3 }),
    )
    const stretched = fc.array(fc.boolean(), { minLength: 6, maxLength: 6 })
    fc.assert(
      fc.property(lengths, stretched, fc.integer({ min: 0, max: 3 }), seeds, (full, ones, drop, seed) => {
        const a = full.map((n, d) => (ones[d] ? 1 : n))
        const b = full.map((n, d) => (ones[d + 3] ? 1 : n)).slice(drop)
        const [u, w] = [uniformFrom(seed, product(a)), uniformFrom(seed + 1, product(b))]
        const f = compile((x, y) => x.mul(y).sub(y), [{ shape: a }, { shape: b }])
        const padded = [...new Array(drop).fill(1), ...b]
        const out = a.map((n, d) => Math.max(n, padded[d]))
        const naive: number[] = []
        for (let i = 0; i < out[0]; i++) {
          for (let j = 0; j < out[1]; j++) {
            for (let k = 0; k < out[2]; k++) {
              const at = (shape: number[]): number =>
                ((i % shape[0]) * shape[1] + (j % shape[1])) * shape[2] + (k % shape[2])
              naive.push(u[at(a)] * w[at(padded)] - w[at(padded)])
            }
          }
        }
        expect(f.outputShape).toEqual(out)
        const x = Float64Array.from([...u, ...w])
        expect(Array.from(f.values(x, vector(product(out))))).toEqual(naive)
      }),
    )
  })
})

describe('closed forms', () => {
  test("a quadratic 1/2 x'Ax - b'x has gradient Ax - b and Hessian A", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 40 }), (seed, n) => {
        const R = uniformFrom(seed, n * n)
        const A = Float64Array.from(R, (_, k) => R[k] + R[(k % n) * n + Math.floor(k / n)])
        const b = uniformFrom(seed + 1, n)
        const f = compile(
          (x) =>
            dot(x, matmul(constant(A, [n, n]), x))
              .mul(0.5)
              .sub(dot(b, x)),
          [{ shape: [n] }],
        )
        const x = uniformFrom(seed + 2, n)
        const gradient = Array.from(b, (bi, i) => inner(A.subarray(i * n, (i + 1) * n), x) - bi)
        expect(difference(f.gradient(x, vector(n)), gradient)).toBeLessThan(1e-12)
        expect(difference(f.hessian(x, vector(n * n)), A)).toBeLessThan(1e-12)
        const sparse = f.sparseHessian()
        expect(sparse.columnIndices.length).toBe(n * n)
      }),
      { numRuns: 10 },
    )
  })

  test('the Jacobian of A x is A, and of an outer product the product rule', () => {
    for (const [m, n] of [
      [3, 5],
      [5, 3],
      [40, 2],
      [2, 40],
    ]) {
      const A = uniformFrom(m, m * n)
      const f = compile((x) => matmul(constant(A, [m, n]), x), [{ shape: [n] }])
      expect(difference(f.jacobian(vector(n), vector(m * n)), A)).toBe(0)
    }
  })

  test('the Hessian is symmetric', () => {
    const n = 6
    const f = compile(
      (x) => logSumExp(matmul(constant(uniformFrom(1, n * n), [n, n]), x)).add(sum(x.pow(4))),
      [{ shape: [n] }],
    )
    const H = f.hessian(uniformFrom(2, n), vector(n * n))
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) expect(Math.abs(H[i * n + j] - H[j * n + i])).toBeLessThan(1e-14)
    }
  })
})

describe('sparse derivatives', () => {
  const dense = (
    rows: number,
    columns: number,
    s: { rowStarts: Int32Array; columnIndices: Int32Array },
    v: Float64Array,
  ) => {
    const full = vector(rows * columns)
    for (let i = 0; i < rows; i++) {
      for (let e = s.rowStarts[i]; e < s.rowStarts[i + 1]; e++) full[i * columns + s.columnIndices[e]] = v[e]
    }
    return full
  }

  function expectSameHessian(f: CompiledFunction, x: Float64Array): number {
    const n = x.length
    const sparse = f.sparseHessian()
    const values = sparse.evaluate(x, vector(sparse.columnIndices.length))
    expect(difference(dense(n, n, sparse, values), f.hessian(x, vector(n * n)))).toBeLessThan(1e-12)
    return sparse.colors
  }

  test('a banded Hessian takes three products, an arrow two, a diagonal one', () => {
    const n = 20
    const chain = compile(
      (x) => sum(square(x.slice([1]).sub(square(x.slice([0, -1]))))).add(sum(exp(x))),
      [{ shape: [n] }],
    )
    expect(expectSameHessian(chain, uniformFrom(1, n))).toBe(3)
    const arrow = compile((x) => sum(square(x.slice([1])).mul(exp(x.at(0)))), [{ shape: [n] }])
    expect(expectSameHessian(arrow, uniformFrom(2, n))).toBe(2)
    const separable = compile((x) => sum(sin(x)), [{ shape: [n] }])
    expect(expectSameHessian(separable, uniformFrom(3, n))).toBe(1)
    const full = compile((x) => square(sum(square(x))), [{ shape: [n] }])
    expect(expectSameHessian(full, uniformFrom(4, n))).toBe(n)
  })

  test('equal the dense ones on random graphs', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const n = 9
        const trace = (x: Node): Node => {
          const stream = RandomStream.fromSeed(seed)
          let total = zeros([]) as Node
          for (let k = 0; k < 8; k++) {
            const parts = Array.from({ length: 3 }, () => stream.integer(n))
            total = total.add(sum(sin(gather(x, parts)).mul(x.at(stream.integer(n)))))
          }
          return total
        }
        expectSameHessian(compile(trace, [{ shape: [n] }]), uniformFrom(seed + 1, n))
      }),
      { numRuns: 15 },
    )
  })

  test('Jacobians: colouring of columns or rows, zeros of constant matrices respected', () => {
    const n = 12
    const band = constant(
      Float64Array.from({ length: n * n }, (_, k) => (Math.abs(Math.floor(k / n) - (k % n)) < 2 ? k + 1 : 0)),
      [n, n],
    )
    const cases: [f: CompiledFunction, colors: number][] = [
      [compile((x) => matmul(band, square(x)), [{ shape: [n] }]), 3],
      [compile((x) => [square(x), sum(x)], [{ shape: [n] }]), 2],
      [compile((x) => [exp(x.at(0)).mul(x.at(3)), x.slice([1]).mul(x.at(0))], [{ shape: [n] }]), 2],
      [
        compile(
          (x) =>
            scatterAdd(
              square(x),
              Array.from({ length: n }, (_, i) => i % 4),
              4,
            ),
          [{ shape: [n] }],
        ),
        1,
      ],
    ]
    for (const [f, colors] of cases) {
      const m = f.outputSize
      const x = uniformFrom(9, n)
      const sparse = f.sparseJacobian()
      const values = sparse.evaluate(x, vector(sparse.columnIndices.length))
      expect(difference(dense(m, n, sparse, values), f.jacobian(x, vector(m * n)))).toBeLessThan(1e-12)
      expect(sparse.colors).toBe(colors)
    }
  })

  test('star colourings have no path of four vertices in two colours', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 14 }), fc.integer({ min: 1, max: 40 }), seeds, (n, edges, seed) => {
        const stream = RandomStream.fromSeed(seed)
        const near = Array.from({ length: n }, (_, i) => new Set([i]))
        for (let k = 0; k < edges; k++) {
          const [i, j] = [stream.integer(n), stream.integer(n)]
          near[i].add(j)
          near[j].add(i)
        }
        const lists = near.map((set) => [...set].sort((a, b) => a - b))
        const rowStarts = Int32Array.from([0, ...lists.map((_, i) => lists.slice(0, i + 1).flat().length)])
        const colors = colorSymmetric({ rows: n, columns: n, rowStarts, columnIndices: Int32Array.from(lists.flat()) })
        const neighbours = lists.map((list, i) => list.filter((j) => j !== i))
        neighbours.forEach((list, b) => {
          for (const a of list) {
            expect(colors[a]).not.toBe(colors[b])
            for (const c of list.filter((c) => c !== a && colors[c] === colors[a])) {
              for (const d of neighbours[c]) if (d !== b) expect(colors[d]).not.toBe(colors[b])
            }
          }
        })
      }),
    )
  })

  test('what does not depend on x has an empty pattern', () => {
    const f = compile((x) => sum(x).mul(2), [{ shape: [5] }])
    const sparse = f.sparseHessian()
    expect(sparse.columnIndices.length).toBe(0)
    expect(sparse.evaluate(vector(5), vector(0))).toHaveLength(0)
  })
})

describe('inputs', () => {
  test('several variables form one vector in order, and data is replaced between calls', () => {
    const [m, n] = [4, 3]
    const f = compile(
      (w, b, X, y) => sum(square(matmul(X, w).add(b).sub(y))),
      [
        { shape: [n] },
        { shape: [] },
        { shape: [m, n], name: 'X', data: 'later' },
        { shape: [m], name: 'y', data: [1, 2, 3, 4] },
      ],
    )
    expect(f.inputSize).toBe(n + 1)
    const x = Float64Array.of(0.5, -1, 2, 0.25)
    expect(() => f.value(x)).toThrow("the data 'X' has not been set")
    const value = (X: number[][], y: number[]): number =>
      X.reduce((total, row, i) => total + (inner(row, x.subarray(0, n)) + x[n] - y[i]) ** 2, 0)
    let X = [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
      [1, 0, 1],
    ]
    f.setData('X', X)
    expect(f.value(x)).toBeCloseTo(value(X, [1, 2, 3, 4]), 12)
    // Products with the Hessian notice new data at an old point.
    const v = Float64Array.of(1, 0, 0, 0)
    const before = f.hvp(x, v, vector(4))[0]
    X = X.map((row) => row.map((a) => 2 * a))
    f.setData(0, X)
    f.setData('y', [0, 0, 0, 0])
    expect(f.value(x)).toBeCloseTo(value(X, [0, 0, 0, 0]), 12)
    expect(f.hvp(x, v, vector(4))[0]).toBeCloseTo(4 * before, 9)
    expect(() => f.setData('Z', [1])).toThrow("there is no data \"Z\"; known: 'X', 'y'")
    expect(() => f.setData('y', [1])).toThrow("'y' has shape [4], but 1 numbers came")
  })

  test('a tree of parameters is packed, unpacked and differentiated', () => {
    const tree = parameters({ layer: { weights: [2, 3], bias: [2] }, scale: [] })
    expect(tree.entries.map(({ name, offset }) => [name, offset])).toEqual([
      ['layer.weights', 0],
      ['layer.bias', 6],
      ['scale', 8],
    ])
    const x = tree.pack({
      layer: {
        weights: [
          [1, 2, 3],
          [4, 5, 6],
        ],
        bias: [0.5, -0.5],
      },
      scale: 2,
    })
    const f = compile((p) => sum(matmul(p.layer.weights, [1, 1, 1]).add(p.layer.bias)).mul(p.scale), [tree])
    expect(f.value(x)).toBeCloseTo(42, 12)
    const gradient = tree.unpack(f.gradient(x, vector(9)))
    expect(Array.from(gradient.layer.weights)).toEqual([2, 2, 2, 2, 2, 2])
    expect(Array.from(gradient.layer.bias)).toEqual([2, 2])
    expect(gradient.scale[0]).toBeCloseTo(21, 12)
    expect(() => tree.pack({ layer: { weights: [1], bias: [1, 2] }, scale: 0 })).toThrow(
      'pack: layer.weights has shape [2, 3], but 1 numbers were given',
    )
    expect(() => tree.unpack(vector(3))).toThrow('length 9')
  })

  test('vectors of either precision are taken', () => {
    const f = compile((x) => sum(square(x)), [{ shape: [3] }], { precision: 'f32' })
    expect(f.value(Float32Array.of(1, 2, 3))).toBe(14)
    expect(Array.from(f.gradient(Float64Array.of(1, 2, 3), new Float32Array(3)))).toEqual([2, 4, 6])
  })

  test('repeated products at one point, at another point and after other calls are all right', () => {
    const f = compile((x) => sum(x.pow(3)), [{ shape: [3] }])
    const out = vector(3)
    const [x, y, v] = [Float64Array.of(1, 2, 3), Float64Array.of(-1, 0, 1), Float64Array.of(1, 1, 1)]
    expect(Array.from(f.hvp(x, v, out))).toEqual([6, 12, 18])
    f.value(y)
    expect(Array.from(f.hvp(x, v, out))).toEqual([6, 12, 18])
    f.gradient(y, out)
    expect(Array.from(f.hvp(y, v, out), (h) => h + 0)).toEqual([-6, 0, 6])
    expect(
      Array.from(
        f.hvp(
          x,
          v.map((a) => 2 * a),
          out,
        ),
      ),
    ).toEqual([12, 24, 36])
  })

  test('long points are compared bit by bit before work is shared', () => {
    const n = 101
    for (const precision of ['f64', 'f32'] as const) {
      const f = compile((x) => sum(x.pow(3)), [{ shape: [n] }], { precision })
      const [x, v, out] = [vector(n).fill(1), vector(n).fill(1), vector(n)]
      expect(new Set(f.hvp(x, v, out))).toEqual(new Set([6]))
      for (const i of [0, 1, 50, n - 1]) {
        x[i] = 2
        expect(f.hvp(x, v, out)[i]).toBe(12)
        x[i] = -0
        expect(Object.is(f.hvp(x, v, out)[i], -0)).toBe(true)
        x[i] = 0
        expect(Object.is(f.hvp(x, v, out)[i], 0)).toBe(true)
      }
    }
  })
})

describe('an oracle of the user', () => {
  const cube = {
    name: 'cube',
    evaluate: ([x]: readonly Float64Array[], out: Float64Array): void => {
      for (let i = 0; i < x.length; i++) out[i] = x[i] ** 3
    },
    reverse: ([x]: readonly Node[], _: Node, cotangent: Node) => [cotangent.mul(square(x).mul(3))],
    forward: ([x]: readonly Node[], _: Node, [tangent]: readonly (Node | undefined)[]) =>
      tangent?.mul(square(x).mul(3)),
  }

  test('takes part in values and derivatives', () => {
    for (const precision of ['f64', 'f32'] as const) {
      const f = compile((x) => sum(exp(oracle(cube, [x.mul(0.5)], [4])).mul(x)), [{ shape: [4] }], { precision })
      const g = compile((x) => sum(exp(x.mul(0.5).pow(3)).mul(x)), [{ shape: [4] }])
      const x = uniformFrom(1, 4)
      const tolerance = precision === 'f64' ? 1e-13 : 1e-5
      expect(difference(f.hessian(x, vector(16)), g.hessian(x, vector(16)))).toBeLessThan(tolerance)
      expect(difference(f.gradient(x, vector(4)), g.gradient(x, vector(4)))).toBeLessThan(tolerance)
    }
  })

  test('without a rule, its derivative is refused', () => {
    const f = compile((x) => sum(oracle({ name: 'black', evaluate: cube.evaluate }, [x], [4])), [{ shape: [4] }])
    expect(f.value(Float64Array.of(1, 1, 1, 2))).toBe(11)
    expect(() => f.gradient(vector(4), vector(4))).toThrow(UnsupportedError)
  })
})

describe('errors name the operation, the shapes and what was expected', () => {
  const x3 = [{ shape: [3] }] as const
  const x34 = [{ shape: [3, 4] }] as const
  test.each([
    [
      'add',
      () => compile((x) => x.add([1, 2]), x3),
      /add: shapes \[3\] and \[2\] do not fit: axis -1 has lengths 3 and 2/,
    ],
    [
      'matmul',
      () => compile((x) => matmul(x, x), x34),
      /matmul: shapes \[3, 4\] and \[3, 4\] do not fit: inner lengths 4 and 3/,
    ],
    ['reshape', () => compile((x) => x.reshape(5), x3), /reshape: \[3\] has 3 elements and does not fit \[5\]/],
    ['at', () => compile((x) => x.at(3), x3), /index 3 does not exist on axis 0 of \[3\]/],
    ['slice', () => compile((x) => x.slice([2, 2]), x3), /range \[2, 2\] of axis 0 of \[3\] is empty/],
    ['sum', () => compile((x) => sum(x, { axes: 1 }), x3), /axis 1 does not exist in an array with 1 axes/],
    ['gather', () => compile((x) => gather(x, [7]), x3), /gather: index 7 does not exist on an axis of length 3/],
    ['concatenate', () => compile((x) => concatenate([x, x.at(0)]), x34), /concatenate: shapes \[3, 4\] and \[4\]/],
    ['shape', () => compile((x) => x, [{ shape: [2, 0] }]), /integers >= 1, got \[2, 0\]/],
  ])('%s', (_, run, message) => {
    expect(run).toThrow(ShapeError)
    expect(run).toThrow(message)
  })

  test('wrong lengths, missing results and foreign expressions', () => {
    const f = compile((x) => square(x), x3)
    expect(() => f.value(vector(3))).toThrow(/value: the function has a result of shape \[3\]/)
    expect(() => f.value(vector(3))).toThrow(UnsupportedError)
    expect(() => f.values(vector(2), vector(3))).toThrow('x must have length 3, got Float64Array(2)')
    expect(() => f.values(vector(3), vector(2))).toThrow('out must have length 3, got Float64Array(2)')
    expect(() => f.jvp(vector(3), vector(4), vector(3))).toThrow('v must have length 3')
    expect(() => compile(() => 3 as unknown as Node, x3)).toThrow(InvalidInputError)
    expect(() => compile((x) => x.add(inputNode([])), x3)).toThrow('an input of another traced function')
    expect(() => compile((x) => x, x3, { precision: 'f16' as 'f32' })).toThrow(OptionError)
    expect(() => compile((x) => x, [{ shape: [2], data: [1, 2] }])).toThrow('needs at least one input')
    expect(() => mul('x' as unknown as number, 2)).toThrow('got "x"')
    expect(() => constant([[1, 2], [3]])).toThrow('row 1 has 1 numbers, but row 0 has 2')
  })
})

describe('size of code and use of memory', () => {
  test('thousands of scalar terms compile into functions of bounded size and stay right', () => {
    const n = 50
    const terms = 1500
    const f = compile(
      (x) => {
        let total = zeros([]) as Node
        for (let k = 0; k < terms; k++)
          total = total.add(
            sin(x.at(k % n))
              .mul(x.at((7 * k + 1) % n))
              .mul(k + 1),
          )
        return total
      },
      [{ shape: [n] }],
    )
    const x = uniformFrom(5, n)
    let expected = 0
    for (let k = 0; k < terms; k++) expected += Math.sin(x[k % n]) * x[(7 * k + 1) % n] * (k + 1)
    const g = vector(n)
    expect(difference([f.valueAndGradient(x, g)], [expected])).toBeLessThan(1e-11)
    expect(f.codeBytes).toBeLessThan(200 * terms)
    expect(checkHessian(f, x, { tolerance: 1e-5 })).toMatchObject({ passed: true })
  })

  test('the code for a vector does not grow with its length', () => {
    const bytes = [1000, 100_000].map((n) => {
      const f = compile((x) => sum(square(x.slice([1]).sub(square(x.slice([0, -1]))))), [{ shape: [n] }])
      f.gradient(vector(n), vector(n))
      return f.codeBytes
    })
    expect(bytes[1]).toBeLessThan(bytes[0] + 100)
    expect(bytes[1]).toBeLessThan(3000)
  })

  test('evaluations allocate nothing', () => {
    const n = 30
    const A = constant(uniformFrom(1, n * n), [n, n])
    const f = compile((x) => sum(exp(matmul(A, x).mul(0.1))).add(sum(square(x))), [{ shape: [n] }])
    const [x, v, out, H] = [uniformFrom(2, n), uniformFrom(3, n), vector(n), vector(n * n)]
    const sparse = f.sparseHessian()
    const values = vector(sparse.columnIndices.length)
    let kept: unknown
    /** Bytes on the heap per call: the smallest over some runs, as a collection may fall into one. */
    const perCall = (call: () => unknown, calls = 10_000): number => {
      let least = Infinity
      for (let run = 0; run < 6; run++) {
        const before = getHeapStatistics().used_heap_size
        for (let k = 0; k < calls; k++) kept = call()
        const used = getHeapStatistics().used_heap_size - before
        if (used >= 0) least = Math.min(least, used / calls)
      }
      return least
    }
    // The measurement sees a small object.
    expect(perCall(() => ({ kept, x }))).toBeGreaterThan(15)
    // A returned number may be boxed by the caller (16 bytes).
    const bound = 20
    x[0] = 0.1
    expect(perCall(() => f.value(x))).toBeLessThan(bound)
    expect(perCall(() => f.valueAndGradient(x, out))).toBeLessThan(bound)
    expect(perCall(() => f.hvp(x, v, out))).toBeLessThan(bound)
    expect(perCall(() => f.jvp(x, v, single))).toBeLessThan(bound)
    expect(perCall(() => f.hessian(x, H), 5000)).toBeLessThan(bound)
    expect(perCall(() => sparse.evaluate(x, values), 5000)).toBeLessThan(bound)
  })

  const single = vector(1)

  test('implicit functions allocate no more than boxes for numbers once they are compiled', () => {
    const f = compile((x) => argmin((z) => sum(square(z.sub(x))).add(sum(z.pow(4))), vector(2)).at(0), [{ shape: [2] }])
    const [x, out] = [Float64Array.of(0.3, 0.4), vector(2)]
    let least = Infinity
    for (let run = 0; run < 8; run++) {
      const before = getHeapStatistics().used_heap_size
      for (let k = 0; k < 3000; k++) f.valueAndGradient(x, out)
      const used = getHeapStatistics().used_heap_size - before
      if (used >= 0) least = Math.min(least, used / 3000)
    }
    expect(least).toBeLessThan(300)
  })
})
