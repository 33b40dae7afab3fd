import type { OptionSpec } from '../../src/base/index.ts'
import type { Problem } from '../../src/solver/index.ts'
import type { ParameterSpecs, ParameterValues } from '../experiment.ts'

/** A program that makes a problem, in parts so that it can be put together with one that solves it. */
export interface ExampleCode {
  /** Names to import, by module. */
  readonly imports: Readonly<Record<string, readonly string[]>>
  /** Statements that end with a constant called `problem`. */
  readonly statements: string
}

/** A ready-made problem with parameters: what a method is shown on. */
export interface ExampleProblem<S extends ParameterSpecs = ParameterSpecs> {
  /** Stable name within its problem class. */
  readonly slug: string
  readonly title: string
  /** The name of its problem class, e.g. `smooth`. */
  readonly problemClass: string
  /** What is to be solved, in one plain sentence. */
  readonly summary: string
  readonly parameters: S
  /** Makes the problem; random data come from the seed alone. */
  build(parameters: ParameterValues<S>, seed: number): Problem
  /** The TypeScript that makes the same problem from the public interface. */
  code(parameters: ParameterValues<S>, seed: number): ExampleCode
  /** The part of the plane worth looking at, `[left, right, bottom, top]`, for problems in two variables. */
  frame?(parameters: ParameterValues<S>): readonly [number, number, number, number] | null
  /** What a model is fitted to, for least squares. */
  observations?(parameters: ParameterValues<S>, seed: number): { x: ArrayLike<number>; y: ArrayLike<number> }
}

/** Keeps the parameter types of an example together. */
export function defineExample<const S extends ParameterSpecs>(example: ExampleProblem<S>): ExampleProblem {
  return example as unknown as ExampleProblem
}

/** How run files name an example. */
export interface ExampleRecipe {
  readonly kind: 'example'
  readonly problemClass: string
  readonly slug: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly seed: number
}

/** The default of every parameter. */
export function defaultsOf(specs: Readonly<Record<string, OptionSpec<unknown>>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, spec.fallback]))
}
