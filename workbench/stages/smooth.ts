import type { LeastSquaresProblem, NonlinearSystem, ScalarEquation } from '../../src/smooth/index.ts'
import type { Iterate, Problem, SmoothProblem } from '../../src/solver/index.ts'
import { landscapeOver } from './landscape.ts'
import type { Frame, Scene } from './scene.ts'
import type { Setting, Stage } from './stage.ts'

/** The height of the landscape: the objective, or the squared norm of the residuals of a system. */
function heightOf(problem: Problem): (x: Float64Array) => number {
  if (problem.class.name !== 'nonlinear-system') {
    const { value } = problem as SmoothProblem
    return value
  }
  const { residuals, dimension } = problem as NonlinearSystem
  const out = new Float64Array(dimension)
  return (x) => {
    residuals(x, out)
    return out.reduce((sum, r) => sum + r * r, 0)
  }
}

function landscape({ problem, example, parameters }: Setting): Scene | null {
  const frame = example.frame?.(parameters as never) ?? null
  if (frame === null) return null
  const { minimizer } = problem as SmoothProblem
  return landscapeOver(heightOf(problem), frame, minimizer === undefined ? null : [minimizer[0], minimizer[1]])
}

/** Names under which methods that work with many points keep them. */
interface Population {
  readonly particles?: Float64Array
  readonly members?: Float64Array
  readonly vertices?: Float64Array
  readonly consensus?: Float64Array
  readonly round?: { readonly points: Float64Array }
}

/** The current point, and the population around it where the method has one. */
function standing(iterate: Iterate, main: boolean): Omit<Frame, 'iteration'> {
  const best = Float64Array.from(iterate.x as Float64Array)
  if (!main) return { point: best }
  const state = iterate.snapshot().state as Population
  const { consensus } = state
  const points = state.particles ?? state.members ?? state.vertices ?? state.round?.points
  return {
    point: consensus === undefined ? best : Float64Array.from(consensus),
    ...(points !== undefined && points.length > 2 && { particles: Float32Array.from(points) }),
  }
}

/** Landscapes with paths for two variables, bars for more. */
export const planeStage: Stage = {
  scene: (setting) =>
    landscape(setting) ?? {
      kind: 'vector',
      length: (setting.problem as SmoothProblem).dimension,
      target: (setting.problem as SmoothProblem).minimizer
        ? Float64Array.from((setting.problem as SmoothProblem).minimizer as ArrayLike<number>)
        : null,
    },
  frame(_, scene, iterate, main) {
    if (scene.kind === 'plane') return standing(iterate, main)
    return main ? { point: Float64Array.from(iterate.x as Float64Array) } : null
  },
}

/** The coefficients of a composite problem as bars. */
export const compositeStage: Stage = {
  scene: ({ problem }) => ({ kind: 'vector', length: (problem.start as Float64Array).length, target: null }),
  frame: (_, __, iterate, main) => (main ? { point: Float64Array.from(iterate.x as Float64Array) } : null),
}

/** Observations and the curve that the model draws through them. */
export const leastSquaresStage: Stage = {
  scene({ example, parameters, seed }) {
    const observed = example.observations?.(parameters as never, seed)
    if (observed === undefined) return { kind: 'none' }
    return { kind: 'fit', x: Float64Array.from(observed.x), y: Float64Array.from(observed.y) }
  },
  frame({ problem }, scene, iterate, main) {
    if (scene.kind !== 'fit' || !main) return null
    const { residuals, residualCount } = problem as LeastSquaresProblem
    const curve = new Float64Array(residualCount)
    residuals(iterate.x as Float64Array, curve)
    for (let i = 0; i < residualCount; i++) curve[i] = scene.y[i] - curve[i]
    return { curve }
  },
}

/** Points of the curve of a function of one variable. */
const CURVE_POINTS = 240

/** The curve of f between the ends of the bracket, and what is left of that. */
export const bracketStage: Stage = {
  scene({ problem }) {
    const { value, lower, upper } = problem as ScalarEquation
    const x = Float64Array.from({ length: CURVE_POINTS }, (_, i) => lower + ((upper - lower) * i) / (CURVE_POINTS - 1))
    return { kind: 'bracket', x, y: x.map((at) => value(at)) }
  },
  frame(_, __, iterate, main) {
    if (!main) return null
    const { other } = iterate.snapshot().state as { other: number }
    return { point: Float64Array.of((iterate.x as Float64Array)[0], other) }
  },
}
