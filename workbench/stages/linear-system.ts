import type { LinearSystemProblem } from '../../src/systems/index.ts'
import type { Stage } from './stage.ts'

/** The sine transform of a square grid, by which the frequencies of a residual are told apart. */
function sineTransform(values: Float64Array, size: number): Float32Array {
  const sine = new Float64Array(size * size)
  for (let j = 0; j < size; j++) {
    for (let k = 0; k < size; k++) {
      sine[j * size + k] = (2 / (size + 1)) * Math.sin((Math.PI * (j + 1) * (k + 1)) / (size + 1))
    }
  }
  const product = (left: Float64Array, right: Float64Array): Float64Array => {
    const out = new Float64Array(size * size)
    for (let i = 0; i < size; i++) {
      for (let k = 0; k < size; k++) {
        const factor = left[i * size + k]
        for (let j = 0; j < size; j++) out[i * size + j] += factor * right[k * size + j]
      }
    }
    return out
  }
  return Float32Array.from(product(product(sine, values), sine), Math.abs)
}

/** The residual on the grid of the equation, and by frequency where the domain is a square. */
export const linearSystemStage: Stage = {
  scene({ problem, example, parameters }) {
    const size = parameters.size as number
    const unknowns = (problem as LinearSystemProblem).dimension
    // The L is a square without its upper right quarter, row by row.
    const half = Math.floor(size / 2)
    const cells = new Int32Array(unknowns)
    let unknown = 0
    for (let cell = 0; cell < size * size; cell++) {
      const [i, j] = [Math.floor(cell / size), cell % size]
      if (example.slug === 'l-shape' && i < half && j >= size - half) continue
      cells[unknown++] = cell
    }
    return { kind: 'grid', rows: size, columns: size, cells, modes: unknowns === size * size }
  },

  frame({ problem }, scene, iterate, main) {
    if (scene.kind !== 'grid' || !main) return null
    const { multiply, rightHandSide } = problem as LinearSystemProblem
    const residual = new Float64Array(rightHandSide.length)
    multiply(iterate.x as Float64Array, residual)
    for (let i = 0; i < residual.length; i++) residual[i] = rightHandSide[i] - residual[i]
    return {
      residual: Float32Array.from(residual),
      ...(scene.modes && { modes: sineTransform(residual, scene.rows) }),
    }
  },
}
