import type { ExampleProblem } from '../../experiments/example-problems.ts'
import type { Iterate, Problem } from '../../src/solver/index.ts'
import type { Frame, Scene } from './scene.ts'

/** What a stage may look at when a run starts. */
export interface Setting {
  readonly problem: Problem
  readonly example: ExampleProblem
  readonly parameters: Readonly<Record<string, unknown>>
  readonly seed: number
}

/** How runs of one problem class are turned into pictures. Works in the worker; what is drawn is in `pictures/`. */
export interface Stage {
  scene(setting: Setting): Scene
  /**
   * The picture of an iterate.
   *
   * @param main whether this is the page's own method; of baselines only the path is drawn
   * @returns null if there is nothing to draw
   */
  frame(setting: Setting, scene: Scene, iterate: Iterate, main: boolean): Omit<Frame, 'iteration'> | null
}
