import { linearSystemStage } from './linear-system.ts'
import { mixedIntegerStage } from './mixed-integer.ts'
import { bracketStage, compositeStage, leastSquaresStage, planeStage } from './smooth.ts'
import type { Stage } from './stage.ts'
import { transportStage } from './transport.ts'

/** The stages by problem class. The one list to add a stage to. */
const stages: Readonly<Record<string, Stage>> = {
  smooth: planeStage,
  'nonlinear-system': planeStage,
  'scalar-equation': bracketStage,
  'least-squares': leastSquaresStage,
  composite: compositeStage,
  'linear-system': linearSystemStage,
  transport: transportStage,
  'exact-transport': transportStage,
  'unbalanced-transport': transportStage,
  'mixed-integer': mixedIntegerStage,
}

const emptyStage: Stage = { scene: () => ({ kind: 'none' }), frame: () => null }

/** The stage of a problem class; an empty one if it has none. */
export function stageFor(problemClass: string): Stage {
  return stages[problemClass] ?? emptyStage
}
