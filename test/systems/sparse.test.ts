import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidInputError, ParseError, RandomStream } from '../../src/base/index.ts'
import { csrFromTriplets, csrMultiply } from '../../src/linalg/index.ts'
import {
  convectionDiffusion,
  graphLaplacian,
  isSymmetric,
  jacobiRadius,
  lanczosExtremes,
  laplacianOn,
  linearSystem,
  lShapedLaplacian,
  optimalRelaxation,
  parseMatrixMarket,
  poisson,
  shiftedMatrix,
} from '../../src/systems/index.ts'
import { dominant, fromDense, toDense } from './dense.ts'

const entries = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: -9, max: 9 })),
  { maxLength: 40 },
)

describe('sparse matrices', () => {
  it('knows symmetric matrices, also with zeros stored on one side', () => {
    const random = RandomStream.fromSeed(2)
    expect(isSymmetric(dominant(random, 20, true))).toBe(true)
    expect(isSymmetric(dominant(random, 20, false))).toBe(false)
    expect(isSymmetric(csrFromTriplets(2, 2, [0, 0, 1], [0, 1, 1], [1, 0, 1]))).toBe(true)
    expect(isSymmetric(csrFromTriplets(2, 2, [0, 0, 1], [0, 1, 1], [1, 0.5, 1]))).toBe(false)
  })
})

describe('generators', () => {
  it.each([[[7]], [[4, 5]], [[3, 2, 4]]])('poisson(%j) has the eigenpairs of the Laplacian', (sizes) => {
    const matrix = poisson(...sizes)
    const n = sizes.reduce((a, b) => a * b, 1)
    expect(matrix.rows).toBe(n)
    expect(isSymmetric(matrix)).toBe(true)
    for (const mode of [1, 2]) {
      const v = new Float64Array(n)
      let eigenvalue = 0
      for (const size of sizes) eigenvalue += 4 * Math.sin((Math.PI * mode) / (2 * (size + 1))) ** 2
      for (let row = 0; row < n; row++) {
        let rest = row
        let product = 1
        for (let k = sizes.length - 1; k >= 0; k--) {
          const index = rest % sizes[k]
          rest = Math.floor(rest / sizes[k])
          product *= Math.sin((Math.PI * mode * (index + 1)) / (sizes[k] + 1))
        }
        v[row] = product
      }
      const out = new Float64Array(n)
      csrMultiply(matrix, v, out)
      for (let i = 0; i < n; i++) expect(out[i]).toBeCloseTo(eigenvalue * v[i], 12)
    }
  })

  it('domains made of points agree with the square and drop what lies outside', () => {
    expect(toDense(laplacianOn(3, 4, () => true))).toEqual(toDense(poisson(3, 4)))
    const shape = lShapedLaplacian(6)
    expect(shape.rows).toBe(27)
    expect(isSymmetric(shape)).toBe(true)
    // Each row sums to 4 minus its neighbours; summed over the domain that counts the boundary edges of the L: 4 * 6.
    expect(shape.values.reduce((a, b) => a + b, 0)).toBe(24)
    expect(() => laplacianOn(2, 2, () => false)).toThrow(InvalidInputError)
  })

  it('graph Laplacians have zero row sums plus the shift, and measure differences across edges', () => {
    const edges = [0, 1, 1, 2, 2, 0, 2, 3]
    const weights = [1, 2, 0.5, 3]
    const matrix = graphLaplacian(5, edges, { weights, shift: 0.25 })
    const x = Float64Array.of(3, -1, 2, 0.5, 7)
    const out = new Float64Array(5)
    csrMultiply(matrix, new Float64Array(5).fill(1), out)
    for (const v of out) expect(v).toBeCloseTo(0.25, 14)
    csrMultiply(matrix, x, out)
    let energy = 0
    for (let i = 0; i < 5; i++) energy += x[i] * out[i] - 0.25 * x[i] * x[i]
    let expected = 0
    weights.forEach((w, e) => {
      expected += w * (x[edges[2 * e]] - x[edges[2 * e + 1]]) ** 2
    })
    expect(energy).toBeCloseTo(expected, 12)
    expect(() => graphLaplacian(2, [0, 0])).toThrow(InvalidInputError)
    expect(() => graphLaplacian(2, [0, 1, 1])).toThrow(/pairs/)
  })

  it('convection-diffusion differentiates linear functions exactly away from the boundary', () => {
    const size = 5
    const h = 1 / (size + 1)
    for (const scheme of ['upwind', 'central'] as const) {
      const matrix = convectionDiffusion(size, [3, -2], { scheme })
      expect(isSymmetric(matrix)).toBe(false)
      const u = new Float64Array(size * size)
      for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) u[i * size + j] = 5 * (j + 1) * h + 7 * (i + 1) * h
      const out = new Float64Array(u.length)
      csrMultiply(matrix, u, out)
      const middle = 2 * size + 2
      expect(out[middle] / (h * h)).toBeCloseTo(3 * 5 - 2 * 7, 9)
    }
    expect(isSymmetric(convectionDiffusion(4, [0, 0]))).toBe(true)
  })

  it('shifts only the diagonal, and shares the pattern', () => {
    const matrix = poisson(3)
    const shifted = shiftedMatrix(matrix, 0.5)
    expect(shifted.columnIndices).toBe(matrix.columnIndices)
    expect(toDense(shifted)).toEqual([
      [2.5, -1, 0],
      [-1, 2.5, -1],
      [0, -1, 2.5],
    ])
    expect(matrix.values[0]).toBe(2)
  })
})

describe('spectra', () => {
  it('Lanczos finds the ends of the spectrum of a diagonal matrix', () => {
    const diagonal = Float64Array.from({ length: 40 }, (_, i) => 1 + i * i)
    const estimate = lanczosExtremes(
      (v, out) => {
        for (let i = 0; i < 40; i++) out[i] = diagonal[i] * v[i]
      },
      new Float64Array(40).fill(1),
      { change: 0 },
    )
    expect(estimate.smallest).toBeCloseTo(1, 6)
    expect(estimate.largest).toBeCloseTo(1 + 39 * 39, 6)
  })

  it('the Jacobi radius of the 10 x 10 Laplacian and Young’s omega', () => {
    const beta = Math.cos(Math.PI / 11)
    expect(beta).toBeCloseTo(0.9594929736, 10)
    expect(optimalRelaxation(beta)).toBeCloseTo(1.5603879213, 10)
    expect(optimalRelaxation(beta)).toBeCloseTo(2 / (1 + Math.sin(Math.PI / 11)), 13)
    const problem = linearSystem({ matrix: poisson(10, 10), rightHandSide: new Float64Array(100) })
    expect(jacobiRadius(problem)).toBeCloseTo(beta, 5)
    expect(optimalRelaxation(1)).toBeNaN()
    expect(optimalRelaxation(0)).toBe(1)
  })

  it('the power method serves matrices that are not symmetric', () => {
    // I - D^-1 A = [[0, 1/2], [1/8, 0]] has radius 1/4.
    const problem = linearSystem({
      matrix: fromDense([
        [2, -1],
        [-0.5, 4],
      ]),
      rightHandSide: [1, 1],
    })
    expect(jacobiRadius(problem)).toBeCloseTo(0.25, 6)
  })
})

describe('parseMatrixMarket', () => {
  it('reads coordinate files', () => {
    const text = `%%MatrixMarket matrix coordinate real general
% made by hand
%
3 4 4
1 1 1.5
2 3 -2e-3
3 4 1.D2
3 4 .5
`
    const { matrix, header, comments } = parseMatrixMarket(text)
    expect(toDense(matrix)).toEqual([
      [1.5, 0, 0, 0],
      [0, 0, -0.002, 0],
      [0, 0, 0, 100.5],
    ])
    expect(header).toEqual({ format: 'coordinate', field: 'real', symmetry: 'general' })
    expect(comments).toEqual(['made by hand', ''])
  })

  it('fills in symmetric and skew-symmetric triangles, reads patterns, Windows line ends and capitals', () => {
    const symmetric = parseMatrixMarket(
      '%%MatrixMarket MATRIX Coordinate Integer Symmetric\r\n2 2 2\r\n1 1 4\r\n2 1 -1\r\n',
    )
    expect(toDense(symmetric.matrix)).toEqual([
      [4, -1],
      [-1, 0],
    ])
    const skew = parseMatrixMarket('%%MatrixMarket matrix coordinate real skew-symmetric\n2 2 1\n2 1 3\n')
    expect(toDense(skew.matrix)).toEqual([
      [0, -3],
      [3, 0],
    ])
    const pattern = parseMatrixMarket('%%MatrixMarket matrix coordinate pattern general\n\n2 2 2\n1 2\n2 1')
    expect(toDense(pattern.matrix)).toEqual([
      [0, 1],
      [1, 0],
    ])
  })

  it('reads arrays down the columns', () => {
    const general = parseMatrixMarket('%%MatrixMarket matrix array real general\n2 3\n1\n2\n3\n4\n0\n6\n')
    expect(toDense(general.matrix)).toEqual([
      [1, 3, 0],
      [2, 4, 6],
    ])
    const symmetric = parseMatrixMarket('%%MatrixMarket matrix array real symmetric\n2 2\n1\n2\n3\n')
    expect(toDense(symmetric.matrix)).toEqual([
      [1, 2],
      [2, 3],
    ])
    const skew = parseMatrixMarket('%%MatrixMarket matrix array real skew-symmetric\n3 3\n1\n2\n3\n')
    expect(toDense(skew.matrix)).toEqual([
      [0, -1, -2],
      [1, 0, -3],
      [2, 3, 0],
    ])
  })

  it('writes back what it reads (any sparse matrix of integers)', () => {
    fc.assert(
      fc.property(entries, (triples) => {
        const text = [
          '%%MatrixMarket matrix coordinate integer general',
          `6 4 ${triples.length}`,
          ...triples.map(([i, j, v]) => `${i + 1} ${j + 1} ${v}`),
        ].join('\n')
        const expected = Array.from({ length: 6 }, () => [0, 0, 0, 0])
        for (const [i, j, v] of triples) expected[i][j] += v
        expect(toDense(parseMatrixMarket(text).matrix)).toEqual(expected)
      }),
    )
  })

  const head = '%%MatrixMarket matrix coordinate real general\n'
  it.each([
    ['no banner', 'hello\n', /line 1.*no MatrixMarket/],
    ['nothing', '', /line 1/],
    [
      'complex',
      '%%MatrixMarket matrix coordinate complex general\n',
      /line 1.*one of real, integer, pattern.*"complex"/,
    ],
    ['an array of patterns', '%%MatrixMarket matrix array pattern general\n', /line 1/],
    ['no sizes', head, /sizes.*end of the text/],
    ['two sizes', `${head}3 4\n`, /line 2.*'rows columns entries'/],
    ['a negative size', `${head}-3 4 1\n`, /line 2.*size/],
    ['a row beyond the last', `${head}2 2 1\n3 1 5\n`, /line 3.*outside.*3, 1/],
    ['an index 0', `${head}2 2 1\n0 1 5\n`, /line 3.*outside/],
    ['a word for a number', `${head}% c\n2 2 1\n1 1 five\n`, /line 4.*"five"/],
    ['NaN', `${head}2 2 1\n1 1 NaN\n`, /line 3.*"NaN"/],
    ['an entry of two words', `${head}2 2 1\n1 1\n`, /line 3.*'row column value'/],
    ['too many entries', `${head}2 2 1\n1 1 1\n2 2 2\n`, /line 4.*too many/],
    ['too few entries', `${head}2 2 2\n1 1 1\n`, /missing.*expected 2, got 1/],
    ['a rectangular symmetric matrix', head.replace('general', 'symmetric').concat('2 3 0\n'), /square.*2 x 3/],
    ['an upper entry of a symmetric matrix', head.replace('general', 'symmetric').concat('2 2 1\n1 2 5\n'), /line 3/],
    ['a diagonal entry of a skew matrix', head.replace('general', 'skew-symmetric').concat('2 2 1\n1 1 5\n'), /line 3/],
    ['a fraction among integers', head.replace('real', 'integer').concat('2 2 1\n1 1 1.5\n'), /an integer.*"1.5"/],
  ])('refuses %s', (_, text, message) => {
    expect(() => parseMatrixMarket(text)).toThrow(ParseError)
    expect(() => parseMatrixMarket(text)).toThrow(message)
  })
})
