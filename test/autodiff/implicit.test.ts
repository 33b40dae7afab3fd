import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  argmin,
  type CompiledFunction,
  checkGradient,
  checkHessian,
  compile,
  constant,
  cos,
  dot,
  exp,
  fixedPoint,
  gradientOf,
  linearSolve,
  matmul,
  root,
  sqrt,
  square,
  sum,
  tanh,
  transpose,
} from '../../src/autodiff/index.ts'
import { difference, seeds, uniformFrom } from './support.ts'

const zeros = (n: number): Float64Array => new Float64Array(n)

function expectDerivatives(f: CompiledFunction, x: Float64Array): void {
  expect(checkGradient(f, x)).toMatchObject({ passed: true })
  expect(checkHessian(f, x)).toMatchObject({ passed: true })
}

describe('fixed points', () => {
  test('the solution of z = a z + b is b / (1 - a), with its derivatives', () => {
    const f = compile((a, b) => fixedPoint((z) => a.mul(z).add(b), 0), [{ shape: [] }, { shape: [] }])
    fc.assert(
      fc.property(
        fc.double({ min: -0.6, max: 0.6, noNaN: true }),
        fc.double({ min: -2, max: 2, noNaN: true }),
        (a, b) => {
          const x = Float64Array.of(a, b)
          expect(f.value(x)).toBeCloseTo(b / (1 - a), 10)
          expect(difference(f.gradient(x, zeros(2)), [b / (1 - a) ** 2, 1 / (1 - a)])).toBeLessThan(1e-9)
          const hessian = [(2 * b) / (1 - a) ** 3, 1 / (1 - a) ** 2, 1 / (1 - a) ** 2, 0]
          expect(difference(f.hessian(x, zeros(4)), hessian)).toBeLessThan(1e-9)
        },
      ),
      { numRuns: 30 },
    )
  })

  test('cos(z) = z is found, and Newton iterations give the square root and its derivatives', () => {
    const f = compile((x) => fixedPoint((z) => cos(z).mul(x), 0.5), [{ shape: [] }])
    expect(f.value(Float64Array.of(1))).toBeCloseTo(0.7390851332151607, 11)
    const g = compile((x) => fixedPoint((z) => z.add(x.div(z)).mul(0.5), 1), [{ shape: [] }])
    expect(g.value(Float64Array.of(2))).toBeCloseTo(Math.SQRT2, 12)
    expect(g.gradient(Float64Array.of(2), zeros(1))[0]).toBeCloseTo(0.5 / Math.SQRT2, 10)
    expect(g.hessian(Float64Array.of(2), zeros(1))[0]).toBeCloseTo(-0.25 * 2 ** -1.5, 9)
  })

  test('a contraction of vectors has the derivatives that differences find', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const n = 3
        const W = uniformFrom(seed, n * n, -0.3, 0.3)
        const f = compile(
          (W, b) => sum(square(fixedPoint((z) => tanh(matmul(W, z).add(b)), zeros(n)))),
          [{ shape: [n, n] }, { shape: [n] }],
        )
        const x = zeros(n * n + n)
        x.set(W)
        x.set(uniformFrom(seed + 1, n), n * n)
        expectDerivatives(f, x)
      }),
      { numRuns: 4 },
    )
  })

  test('without convergence the value is NaN', () => {
    const f = compile((x) => fixedPoint((z) => z.mul(2).add(x), 1, { maxIterations: 20 }), [{ shape: [] }])
    expect(f.value(Float64Array.of(1))).toBeNaN()
  })

  test('a map that changes the shape is refused', () => {
    expect(() => compile((x) => fixedPoint((z) => sum(z).mul(x), zeros(3)), [{ shape: [] }])).toThrow(
      'fixedPoint: the function must give shape [3], got [] (a scalar)',
    )
  })
})

describe('argmin', () => {
  test('least squares: the minimizer is the solution of the normal equations, linear in the data', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const [m, n] = [5, 3]
        const A = uniformFrom(seed, m * n, -1, 1)
        const matrix = constant(A, [m, n])
        const ridge = 0.1
        const solution = compile(
          (b) => argmin((z) => sum(square(matmul(matrix, z).sub(b))).add(sum(square(z)).mul(ridge)), zeros(n)),
          [{ shape: [m] }],
        )
        // d z / d b = (A'A + ridge I)^-1 A'.
        const direct = compile(
          (b) =>
            linearSolve(
              (u) => matmul(transpose(matrix), matmul(matrix, u)).add(u.mul(ridge)),
              matmul(transpose(matrix), b),
            ),
          [{ shape: [m] }],
        )
        const b = uniformFrom(seed + 1, m)
        expect(difference(solution.values(b, zeros(n)), direct.values(b, zeros(n)))).toBeLessThan(1e-9)
        expect(difference(solution.jacobian(b, zeros(n * m)), direct.jacobian(b, zeros(n * m)))).toBeLessThan(1e-9)
      }),
      { numRuns: 5 },
    )
  })

  test('a bilevel problem: derivatives by a regularization parameter agree with differences', () => {
    const [m, n] = [6, 3]
    const A = constant(uniformFrom(7, m * n), [m, n])
    const b = constant(uniformFrom(8, m))
    const f = compile(
      (log) => {
        const w = argmin(
          (z) => sum(square(matmul(A, z).sub(b))).add(sum(sqrt(square(z).add(1))).mul(exp(log))),
          zeros(n),
        )
        return sum(square(w.sub(1)))
      },
      [{ shape: [] }],
    )
    expectDerivatives(f, Float64Array.of(-0.5))
  })

  test('finds a minimizer from where the Hessian is indefinite', () => {
    // The double well (z^2 - 1)^2 + x z has a negative second derivative at 0.1.
    const f = compile((x) => argmin((z) => square(square(z).sub(1)).add(x.mul(z)), 0.1), [{ shape: [] }])
    const z = f.value(Float64Array.of(0.2))
    expect(4 * z * (z * z - 1) + 0.2).toBeCloseTo(0, 9)
    expect(12 * z * z - 4).toBeGreaterThan(0)
    expect(f.gradient(Float64Array.of(0.2), zeros(1))[0]).toBeCloseTo(-1 / (12 * z * z - 4), 8)
  })
})

describe('roots and linear systems', () => {
  test('the root of z^3 + z = x has derivative 1 / (3 z^2 + 1)', () => {
    const f = compile((x) => root((z) => z.pow(3).add(z).sub(x), 0), [{ shape: [] }])
    for (const x of [-3, 0, 0.5, 10]) {
      const z = f.value(Float64Array.of(x))
      expect(z ** 3 + z).toBeCloseTo(x, 10)
      expect(f.gradient(Float64Array.of(x), zeros(1))[0]).toBeCloseTo(1 / (3 * z * z + 1), 10)
      expect(f.hessian(Float64Array.of(x), zeros(1))[0]).toBeCloseTo((-6 * z) / (3 * z * z + 1) ** 3, 9)
    }
  })

  test('without a root the value is NaN', () => {
    expect(compile((x) => root((z) => square(z).add(x), 0.3), [{ shape: [] }]).value(Float64Array.of(1))).toBeNaN()
  })

  test('x -> b(x)^T A(x)^-1 b(x) has the derivatives that differences find', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const n = 3
        const f = compile(
          (A, b) =>
            dot(
              b,
              linearSolve((u) => matmul(A, u).add(u.mul(4)), b),
            ),
          [{ shape: [n, n] }, { shape: [n] }],
        )
        expectDerivatives(f, uniformFrom(seed, n * n + n))
      }),
      { numRuns: 4 },
    )
  })

  test('gradients inside traced functions: a penalty on a gradient', () => {
    const f = compile(
      (x) => {
        const value = sum(exp(x)).mul(sum(square(x)))
        return value.add(sum(square(gradientOf(value, [x])[0])))
      },
      [{ shape: [4] }],
    )
    expectDerivatives(f, uniformFrom(3, 4))
  })
})
