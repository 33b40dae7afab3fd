import { describe, InvalidInputError } from '../base/index.ts'
import { type CsrMatrix, csrFromTriplets } from '../linalg/index.ts'

function checkSize(where: string, name: string, value: number, min = 1): void {
  if (Number.isInteger(value) && value >= min) return
  throw new InvalidInputError(`${where}: ${name} must be an integer >= ${min}, got ${describe(value)}`, {
    argument: name,
    expected: `an integer >= ${min}`,
    received: describe(value),
  })
}

/** Collects the rows of a stencil matrix in ascending order of columns. */
class RowBuilder {
  private readonly pointers: Int32Array
  private columns: Int32Array
  private entries: Float64Array
  private count = 0
  private row = 0

  constructor(rows: number, most: number) {
    this.pointers = new Int32Array(rows + 1)
    this.columns = new Int32Array(most)
    this.entries = new Float64Array(most)
  }

  add(column: number, value: number): void {
    this.columns[this.count] = column
    this.entries[this.count++] = value
  }

  endRow(): void {
    this.pointers[++this.row] = this.count
  }

  finish(): CsrMatrix {
    const rows = this.pointers.length - 1
    return {
      rows,
      cols: rows,
      rowPointers: this.pointers,
      columnIndices: this.columns.slice(0, this.count),
      values: this.entries.slice(0, this.count),
    }
  }
}

/**
 * The negative Laplacian by finite differences on a box with zero boundary values: the (2 d + 1)-point stencil with 2 d on the
 * diagonal and -1 for each neighbour, unscaled (divide by h^2 for the operator). Unknowns in lexicographic order, the last
 * dimension fastest. Symmetric positive definite with eigenvalues sum_k 4 sin^2(pi j_k / (2 (n_k + 1))).
 *
 * @param sizes interior points per dimension, one to three integers >= 1
 * @example
 * const A = poisson(100, 100) // 10,000 unknowns
 */
export function poisson(...sizes: number[]): CsrMatrix {
  if (sizes.length < 1 || sizes.length > 3) {
    throw new InvalidInputError(`poisson: expected one to three sizes, got ${sizes.length}`, {
      argument: 'sizes',
      expected: 'one to three integers',
      received: `${sizes.length}`,
    })
  }
  sizes.forEach((size, k) => {
    checkSize('poisson', `size ${k}`, size)
  })
  const [nx, ny, nz] = [1, 1, 1, ...sizes].slice(-3)
  const n = nx * ny * nz
  const builder = new RowBuilder(n, 7 * n)
  const centre = 2 * sizes.length
  for (let i = 0, row = 0; i < nx; i++) {
    for (let j = 0; j < ny; j++) {
      for (let k = 0; k < nz; k++, row++) {
        if (i > 0) builder.add(row - ny * nz, -1)
        if (j > 0) builder.add(row - nz, -1)
        if (k > 0) builder.add(row - 1, -1)
        builder.add(row, centre)
        if (k < nz - 1) builder.add(row + 1, -1)
        if (j < ny - 1) builder.add(row + nz, -1)
        if (i < nx - 1) builder.add(row + ny * nz, -1)
        builder.endRow()
      }
    }
  }
  return builder.finish()
}

/**
 * The five-point negative Laplacian on a domain made of grid points, with zero values outside it. Unknowns are the points
 * inside, row by row.
 *
 * @param rows rows of the grid
 * @param columns columns of the grid
 * @param inside whether point (i, j), 0 <= i < rows, 0 <= j < columns, belongs to the domain
 * @throws {InvalidInputError} if no point does
 */
export function laplacianOn(rows: number, columns: number, inside: (i: number, j: number) => boolean): CsrMatrix {
  checkSize('laplacianOn', 'rows', rows)
  checkSize('laplacianOn', 'columns', columns)
  const index = new Int32Array(rows * columns).fill(-1)
  let n = 0
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) if (inside(i, j)) index[i * columns + j] = n++
  if (n === 0) throw new InvalidInputError('laplacianOn: the domain has no point', { argument: 'inside' })
  const builder = new RowBuilder(n, 5 * n)
  const neighbour = (i: number, j: number): void => {
    if (i < 0 || j < 0 || i >= rows || j >= columns) return
    const column = index[i * columns + j]
    if (column >= 0) builder.add(column, -1)
  }
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      if (index[i * columns + j] < 0) continue
      neighbour(i - 1, j)
      neighbour(i, j - 1)
      builder.add(index[i * columns + j], 4)
      neighbour(i, j + 1)
      neighbour(i + 1, j)
      builder.endRow()
    }
  }
  return builder.finish()
}

/**
 * The five-point negative Laplacian on an L: a square of `size` x `size` points (size odd or even, >= 2) without its quadrant of
 * the first floor(size / 2) rows and the last floor(size / 2) columns.
 */
export function lShapedLaplacian(size: number): CsrMatrix {
  checkSize('lShapedLaplacian', 'size', size, 2)
  const half = Math.floor(size / 2)
  return laplacianOn(size, size, (i, j) => !(i < half && j >= size - half))
}

/**
 * The Laplacian D - W of an undirected graph, plus `shift` times the identity: positive semidefinite without a shift (constants
 * are in its kernel), positive definite with one.
 *
 * @param n vertices 0 .. n - 1
 * @param edges pairs of different vertices, flat: [u0, v0, u1, v1, ...]; repeated edges add up
 * @param weights one number >= 0 per edge. Default all 1.
 * @param shift >= 0. Default 0.
 */
export function graphLaplacian(
  n: number,
  edges: ArrayLike<number>,
  { weights, shift = 0 }: { weights?: ArrayLike<number>; shift?: number } = {},
): CsrMatrix {
  checkSize('graphLaplacian', 'n', n)
  const m = edges.length / 2
  if (!Number.isInteger(m) || (weights !== undefined && weights.length !== m)) {
    throw new InvalidInputError(
      `graphLaplacian: edges must be pairs, with one weight each; got ${edges.length} numbers and ${weights?.length ?? 'no'} weights`,
      { argument: 'edges', expected: 'pairs and one weight per pair', received: `${edges.length} numbers` },
    )
  }
  if (!(shift >= 0 && shift < Infinity)) {
    throw new InvalidInputError(`graphLaplacian: shift must be a finite number >= 0, got ${describe(shift)}`, {
      argument: 'shift',
      expected: 'a finite number >= 0',
      received: describe(shift),
    })
  }
  const rows: number[] = []
  const columns: number[] = []
  const values: number[] = []
  for (let i = 0; i < n; i++) {
    rows.push(i)
    columns.push(i)
    values.push(shift)
  }
  for (let e = 0; e < m; e++) {
    const u = edges[2 * e]
    const v = edges[2 * e + 1]
    const w = weights === undefined ? 1 : weights[e]
    if (u === v || !(w >= 0 && w < Infinity)) {
      throw new InvalidInputError(
        `graphLaplacian: edge ${e} must join two different vertices with a weight >= 0, got ${u}-${v} with ${describe(w)}`,
        { argument: `edges[${e}]`, expected: 'different vertices, weight >= 0', received: `${u}-${v}, ${w}` },
      )
    }
    rows.push(u, v, u, v)
    columns.push(u, v, v, u)
    values.push(w, w, -w, -w)
  }
  return csrFromTriplets(n, n, rows, columns, values)
}

/**
 * Convection and diffusion, -u_xx - u_yy + p . grad u on the unit square with zero boundary values, times h^2 with h = 1 /
 * (size + 1): nonsymmetric as soon as the wind blows.
 *
 * Upwind differences (the default) give an M-matrix for every wind; central ones do so while |p_k| h <= 2.
 *
 * @param size interior points per side, an integer >= 1
 * @param wind p = [p_x, p_y]; x runs along columns, y along rows
 */
export function convectionDiffusion(
  size: number,
  wind: readonly [number, number],
  { scheme = 'upwind' }: { scheme?: 'upwind' | 'central' } = {},
): CsrMatrix {
  checkSize('convectionDiffusion', 'size', size)
  if (!(Number.isFinite(wind[0]) && Number.isFinite(wind[1]))) {
    throw new InvalidInputError(`convectionDiffusion: wind must be two finite numbers, got ${describe(wind)}`, {
      argument: 'wind',
      expected: 'two finite numbers',
      received: describe(wind),
    })
  }
  const h = 1 / (size + 1)
  const [px, py] = [wind[0] * h, wind[1] * h]
  const before = (p: number): number => (scheme === 'upwind' ? -1 - Math.max(p, 0) : -1 - p / 2)
  const after = (p: number): number => (scheme === 'upwind' ? -1 + Math.min(p, 0) : -1 + p / 2)
  const centre = 4 + (scheme === 'upwind' ? Math.abs(px) + Math.abs(py) : 0)
  const n = size * size
  const builder = new RowBuilder(n, 5 * n)
  for (let i = 0, row = 0; i < size; i++) {
    for (let j = 0; j < size; j++, row++) {
      if (i > 0) builder.add(row - size, before(py))
      if (j > 0) builder.add(row - 1, before(px))
      builder.add(row, centre)
      if (j < size - 1) builder.add(row + 1, after(px))
      if (i < size - 1) builder.add(row + size, after(py))
      builder.endRow()
    }
  }
  return builder.finish()
}
