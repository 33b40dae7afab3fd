import { ShapeError } from '../base/index.ts'
import { svd } from '../linalg/index.ts'
import { checkPositive, type ProximalFunction } from './proximal-functions.ts'

/**
 * Nuclear norm, `weight * sum of singular values` of x as a [rows, columns] matrix: soft-thresholds the singular values, which
 * gives matrices of low rank. One singular value decomposition per call.
 */
export function nuclearNorm(weight: number, rows: number, columns: number): ProximalFunction {
  checkPositive('nuclear norm', 'weight', weight, true)
  const decompose = (x: Float64Array) => {
    if (x.length !== rows * columns) {
      throw new ShapeError(`nuclear norm: x has ${x.length} elements, expected ${rows} * ${columns}`, {
        argument: 'x',
        expected: String(rows * columns),
        received: String(x.length),
      })
    }
    return svd({ rows, cols: columns, data: x })
  }
  return {
    name: 'nuclear norm',
    value: (x) => weight * decompose(x).singularValues.reduce((sum, s) => sum + s, 0),
    proximal(x, t, out) {
      const { u, singularValues, v } = decompose(x)
      out.fill(0)
      for (let k = 0; k < singularValues.length; k++) {
        const s = singularValues[k] - t * weight
        if (s <= 0) continue
        for (let i = 0; i < rows; i++) {
          const left = s * u.data[i * u.cols + k]
          for (let j = 0; j < columns; j++) out[i * columns + j] += left * v.data[j * v.cols + k]
        }
      }
    },
  }
}
