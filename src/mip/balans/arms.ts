import { closest } from 'fastest-levenshtein'
import { describe, InvalidInputError } from '../../base/index.ts'
import { constraintGraph } from './constraint-graph.ts'
import { crossover } from './crossover.ts'
import { dins } from './dins.ts'
import { lbRelax } from './lb-relax.ts'
import { localBranching } from './local-branching.ts'
import { mutation } from './mutation.ts'
import type { FamilyName, NeighbourhoodFamily } from './neighbourhood.ts'
import { proximity } from './proximity.ts'
import { randomObjective } from './random-objective.ts'
import { rens } from './rens.ts'
import { rins } from './rins.ts'
import type { DiscreteColumns } from './search-point.ts'
import { wholeProgram } from './whole-program.ts'

/** All families of neighbourhoods, by name. */
export const neighbourhoodFamilies: Readonly<Record<FamilyName, NeighbourhoodFamily>> = {
  mutation,
  crossover,
  rins,
  rens,
  dins,
  'local-branching': localBranching,
  proximity,
  'random-objective': randomObjective,
  'lb-relax': lbRelax,
  'constraint-graph': constraintGraph,
  'whole-program': wholeProgram,
}

/** A family with a size: what the bandit chooses among. */
export interface Arm {
  /** e.g. `mutation-50`, `crossover`. */
  readonly name: string
  readonly family: NeighbourhoodFamily
  /** delta in (0, 1]; 1 where the family has none. */
  readonly size: number
}

const usage =
  "a family, and for most a size in decimals, e.g. 'mutation-50' (0.50), 'proximity-005' (0.005), 'crossover'"

function complain(name: unknown, hint: string): never {
  throw new InvalidInputError(`balans: unknown arm ${describe(name)}; ${hint}`, {
    argument: 'arms',
    expected: usage,
    received: describe(name),
  })
}

/**
 * The arm of a name: the family and the decimals of its size, `mutation-25` for 0.25, `proximity-005` for 0.005; `-100` means 1.
 *
 * @throws {InvalidInputError} if there is no such family, or the size is missing, not wanted, or not in (0, 1]
 */
export function parseArm(name: string): Arm {
  const [, stem, digits] = typeof name === 'string' ? (/^(.*?)(?:-(\d+))?$/.exec(name) ?? []) : []
  const family = neighbourhoodFamilies[stem as FamilyName]
  if (family === undefined) {
    const known = Object.keys(neighbourhoodFamilies)
    complain(name, stem ? `did you mean '${closest(stem, known)}'?` : `expected ${usage}`)
  }
  if (!family.sized) {
    if (digits !== undefined) complain(name, `${family.name} has no size`)
    return { name, family, size: 1 }
  }
  if (digits === undefined) complain(name, `${family.name} needs a size, e.g. '${family.name}-50' for 0.50`)
  const size = digits === '100' ? 1 : Number(`0.${digits}`)
  if (!(size > 0)) complain(name, 'its size must lie in (0, 1]')
  return { name, family, size }
}

/**
 * The arms of a list of names, in its order.
 *
 * @throws {InvalidInputError} if a name is not an arm or appears twice, or there is none
 */
export function parseArms(names: readonly string[]): Arm[] {
  const arms = names.map(parseArm)
  const twice = names.find((name, k) => names.indexOf(name) !== k)
  if (twice !== undefined) {
    throw new InvalidInputError(`balans: the arm '${twice}' is there twice`, { argument: 'arms', received: twice })
  }
  if (arms.length === 0) {
    throw new InvalidInputError('balans: expected at least one arm', { argument: 'arms', expected: usage })
  }
  return arms
}

/**
 * Leaves out the arms that cannot act: those over binary columns where there are none, those over general integers where there
 * are none, and those of the relaxation where it is not known.
 *
 * @throws {InvalidInputError} if none is left
 */
export function actingArms(arms: readonly Arm[], columns: DiscreteColumns, hasRelaxation: boolean): Arm[] {
  const acting = arms.filter(
    ({ family }) =>
      (family.needs !== 'binary' || columns.binary.length > 0) &&
      (family.needs !== 'general' || columns.general.length > 0) &&
      (!family.usesRelaxation || hasRelaxation),
  )
  if (acting.length > 0) return acting
  const names = arms.map(({ name }) => name).join(', ')
  throw new InvalidInputError(
    `balans: none of the arms ${names} can act on a program with ${columns.binary.length} binary and ${columns.general.length} general integer columns; add for instance 'mutation-50'`,
    { argument: 'arms', expected: 'an arm for the columns that there are', received: names },
  )
}
