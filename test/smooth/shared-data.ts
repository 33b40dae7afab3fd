import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** Where data sets too large for the repository lie, beside its root. */
const folder = new URL('../../../shared/data/', import.meta.url)

/** Whether a data set is there; tests that need it skip where it is not. */
export function hasData(path: string): boolean {
  return existsSync(new URL(path, folder))
}

export function readData(path: string): string {
  const bytes = readFileSync(new URL(path, folder))
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}

/** A table of numbers whose last column is the label. */
export function readLabelled(path: string): { features: Float64Array; labels: Float64Array; columns: number } {
  const rows = readData(path)
    .trim()
    .split('\n')
    .map((line) => line.split(',').map(Number))
    .filter((row) => row.every(Number.isFinite))
  // The header of scikit-learn's files is also numeric: rows, columns, names.
  const columns = rows[rows.length - 1].length - 1
  const data = rows.filter((row) => row.length === columns + 1)
  return {
    features: Float64Array.from(data.flatMap((row) => row.slice(0, columns))),
    labels: Float64Array.from(data, (row) => row[columns]),
    columns,
  }
}

/** Shifts and scales every column to mean 0 and standard deviation 1 (constant columns become 0), in place. */
export function standardize(features: Float64Array, columns: number): Float64Array {
  const rows = features.length / columns
  for (let j = 0; j < columns; j++) {
    let mean = 0
    for (let i = 0; i < rows; i++) mean += features[i * columns + j] / rows
    let variance = 0
    for (let i = 0; i < rows; i++) variance += (features[i * columns + j] - mean) ** 2 / rows
    const scale = variance > 1e-20 ? 1 / Math.sqrt(variance) : 0
    for (let i = 0; i < rows; i++) features[i * columns + j] = scale * (features[i * columns + j] - mean)
  }
  return features
}
