import { type LinearSystemProblem, linearSystem, poisson } from '../../src/systems/index.ts'
import type { Fixture } from './fixtures.ts'

/** The five-point Laplacian on 6 x 5 points, symmetric positive definite, with a right-hand side without symmetry. */
function easySystem(): LinearSystemProblem {
  return linearSystem({
    name: 'Poisson on 6 x 5 points',
    matrix: poisson(6, 5),
    rightHandSide: Float64Array.from({ length: 30 }, (_, i) => Math.sin(3 + i * i)),
    start: Float64Array.from({ length: 30 }, (_, i) => Math.cos(i)),
  })
}

export const linearSystemFixture: Fixture = {
  problemClass: 'linear-system',
  problem: easySystem,
  breakingAfter(calls, value) {
    const problem = easySystem()
    let count = 0
    const { forwardSweep, backwardSweep } = problem as Required<LinearSystemProblem>
    const sweep =
      (inner: typeof forwardSweep): typeof forwardSweep =>
      (omega, residual, delta) => {
        const squared = inner(omega, residual, delta)
        if (++count <= calls) return squared
        delta[2] = value
        return value
      }
    return {
      ...problem,
      multiply(x: Float64Array, out: Float64Array) {
        problem.multiply(x, out)
        if (++count > calls) out[2] = value
      },
      forwardSweep: sweep(forwardSweep),
      backwardSweep: sweep(backwardSweep),
    } as LinearSystemProblem
  },
  finite: (x) => (x as Float64Array).every(Number.isFinite),
  refused: [
    {
      what: 'a matrix that is not square',
      attempt: () => linearSystem({ matrix: { ...poisson(2), cols: 3 }, rightHandSide: [1, 1] }),
      message: /square.*\[2, 3\]/,
    },
    {
      what: 'a right-hand side of another length',
      attempt: () => linearSystem({ matrix: poisson(3), rightHandSide: [1, 2] }),
      message: /rightHandSide has length 2.*3 rows/,
    },
    {
      what: 'NaN in the right-hand side',
      attempt: () => linearSystem({ matrix: poisson(2), rightHandSide: [1, NaN] }),
      message: /rightHandSide\[1\].*finite.*NaN/,
    },
    {
      what: 'an infinite entry of the matrix',
      attempt: () =>
        linearSystem({ matrix: { ...poisson(2), values: Float64Array.of(2, Infinity, -1, 2) }, rightHandSide: [1, 1] }),
      message: /not finite/,
    },
    {
      what: 'no matrix',
      attempt: () => linearSystem({ matrix: undefined as never, rightHandSide: [1] }),
      message: /matrix must be a sparse matrix/,
    },
    { what: 'empty start', attempt: easySystem, start: [], message: /start has length 0.*30 rows/ },
    { what: 'NaN in start', attempt: easySystem, start: new Float64Array(30).fill(NaN), message: /start\[0\].*finite/ },
    { what: 'start that is no array', attempt: easySystem, start: 7, message: /start must be an array/ },
  ],
}
