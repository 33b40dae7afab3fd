import { checked, type OptionSpec, type RandomStream, type Resolved } from '../base/index.ts'
import type { Measures, Problem, Requirements, SolutionOf } from './problem.ts'

/** What the driver gives a method at each call. */
export interface Context<X = unknown> {
  /** The starting point, checked and copied: the method may keep it. */
  readonly start: X
  /** The method's random stream; its state is part of every checkpoint. */
  readonly random: RandomStream
  /** Iterations completed before this call. */
  readonly iteration: number
  /** Oracle calls so far, by name. */
  readonly evaluations: Readonly<Record<string, number>>
  /** Running time so far, a resumed run's earlier time included. For stopping rules inside a method; nothing else may read it. */
  elapsedMs(): number
  /** Whether the run should end (abort or time limit). A step with a long inner loop asks now and then and returns early. */
  interrupted(): boolean
  /** Fires when the caller ends the run; for steps that wait for something. */
  readonly signal: AbortSignal
  /** Seconds until the run's time limit, >= 0; Infinity without one. For steps that hand a limit on to somebody else. */
  secondsLeft(): number
  /** The bound on the optimality measure that ends the run. For steps that hand a tolerance on to somebody else. */
  readonly tolerance: number
  /** Adds a remark to the result's message, once. */
  note(remark: string): void
  /**
   * Work memory that is not state: made on first use in a run (also after a resume), kept until its end. Nothing that
   * influences later iterations may live here.
   */
  scratch<T>(make: () => T): T
  /**
   * Has `release` called when the run ends, however it ends: for workers and other handles in scratch memory that must be
   * closed. `runAsync` and `iterateAsync` wait for it.
   */
  atEnd(release: () => void | Promise<void>): void
}

/** Why a method cannot go on, in its own judgement. Everything else (limits, convergence, abort) is the driver's. */
export type MethodOutcome = 'stalled' | 'diverged' | 'infeasible' | 'unbounded'

/**
 * What `step` returns: nothing to go on; an outcome, with a reason in words; or `finished` when a finite algorithm has done
 * all it does (the driver then checks whether the certificate meets the tolerance).
 */
export type StepOutcome =
  | void
  | MethodOutcome
  | 'finished'
  | { readonly outcome: MethodOutcome | 'finished'; readonly reason: string }

interface MethodParts<P extends Problem, S> extends Requirements {
  /** The options in use, defaults filled in. */
  readonly options: Readonly<Record<string, unknown>>
  /** The measure that `tolerance` bounds, where it is not the problem class's own residual. */
  readonly optimality?: { readonly measure: string; readonly meaning: string }
  /** The measures of the current state; cheap, read from what the state already holds. */
  measure(state: S): Measures
  /** The best solution so far; the driver copies it. */
  solution(state: S): SolutionOf<P>
}

/**
 * An iterative method for problems of type P, whose memory is all in a state of type S: plain data (numbers, strings, typed
 * arrays, nested objects). A step proposes and then commits: at any oracle call, `measure` and `solution` of the state must
 * still describe the last whole iterate.
 */
export interface Method<P extends Problem, S = unknown> extends MethodParts<P, S> {
  start(problem: P, context: Context<SolutionOf<P>>): S
  step(problem: P, state: S, context: Context<SolutionOf<P>>): StepOutcome
}

/** A method whose steps wait (for a worker, a network); run with `runAsync`. Every `Method` is one too. */
export interface AsyncMethod<P extends Problem, S = unknown> extends MethodParts<P, S> {
  start(problem: P, context: Context<SolutionOf<P>>): S | Promise<S>
  step(problem: P, state: S, context: Context<SolutionOf<P>>): StepOutcome | Promise<StepOutcome>
}

/** Where a method was published. */
export interface Source {
  readonly authors: string
  readonly title: string
  readonly year: number
  /** Journal, conference or book. */
  readonly venue?: string
  readonly arxiv?: string
}

/** One formula with what it says. */
export interface Formula {
  /** TeX, as KaTeX reads it in display mode. */
  readonly tex: string
  /** In words. */
  readonly meaning: string
}

/** What a person or a program must know of a method: from these the CLI, the documentation and the workbench are made. */
export interface MethodDescription {
  /** Stable name in URLs, files and on the command line. */
  readonly slug: string
  readonly title: string
  /** The folder and subpath export, e.g. `smooth`. */
  readonly room: string
  /** The problem class, e.g. `smooth`. */
  readonly problemClass: string
  /** One plain sentence: what it is good for. */
  readonly summary: string
  readonly source: Source
  readonly requires: readonly string[]
  readonly handles: readonly string[]
  /** Whether the same seed matters: false for deterministic methods. */
  readonly random: boolean
  /** Whether a step waits for something (a worker, a network): then only `runAsync` and `iterateAsync` can run it. */
  readonly waits: boolean
  /** What it computes, for people who read formulae. */
  readonly formulae?: readonly Formula[]
  readonly options: Readonly<Record<string, OptionSpec<unknown>>>
}

/** A factory of methods with its description: `lbfgs({ memory: 20 })`, `lbfgs.description`. */
export interface MethodFactory<P extends Problem, O extends object, S> {
  (options?: O): Method<P, S>
  readonly description: MethodDescription
}

/** As `MethodFactory`, for methods that wait. */
export interface AsyncMethodFactory<P extends Problem, O extends object, S> {
  (options?: O): AsyncMethod<P, S>
  readonly description: MethodDescription
}

type Specs<O> = { readonly [K in keyof O]-?: OptionSpec<unknown> }

interface Definition<O extends object, Sp extends Specs<O>, M>
  extends Omit<MethodDescription, 'requires' | 'handles' | 'random' | 'waits' | 'options'> {
  readonly requires?: readonly string[]
  readonly handles?: readonly string[]
  readonly random?: boolean
  readonly options: Sp
  readonly optimality?: { readonly measure: string; readonly meaning: string }
  /** Makes the four functions from checked options. */
  create(options: Resolved<O, Sp>): M
}

type Body<M> = Omit<M, 'name' | 'requires' | 'handles' | 'options' | 'optimality'> & {
  /** Oracles needed only under these options. */
  requires?: readonly string[]
  optimality?: { readonly measure: string; readonly meaning: string }
}

function define<O extends object, Sp extends Specs<O>, M>(
  definition: Definition<O, Sp, Body<M>>,
  waits: boolean,
): ((options?: O) => M) & { description: MethodDescription } {
  const { create, optimality, ...described } = definition
  const description: MethodDescription = {
    ...described,
    requires: definition.requires ?? [],
    handles: definition.handles ?? [],
    random: definition.random ?? false,
    waits,
    options: definition.options as MethodDescription['options'],
  }
  const factory = (given?: O): M => {
    const options = checked<O, Sp>(description.slug, given ?? ({} as O), definition.options)
    const body = create(options)
    return {
      name: description.slug,
      handles: description.handles,
      ...(optimality && { optimality }),
      ...body,
      requires: [...description.requires, ...(body.requires ?? [])],
      options: options as Record<string, unknown>,
    } as M
  }
  return Object.assign(factory, { description })
}

/**
 * Makes a method from its description and the functions that one iteration needs.
 *
 * @returns a factory that checks its options (unknown names are refused with the nearest known name) and carries the
 *   description
 */
export function defineMethod<P extends Problem, O extends object, S>() {
  return <Sp extends Specs<O>>(definition: Definition<O, Sp, Body<Method<P, S>>>): MethodFactory<P, O, S> =>
    define<O, Sp, Method<P, S>>(definition, false)
}

/** As `defineMethod`, for a method whose steps return promises. */
export function defineAsyncMethod<P extends Problem, O extends object, S>() {
  return <Sp extends Specs<O>>(definition: Definition<O, Sp, Body<AsyncMethod<P, S>>>): AsyncMethodFactory<P, O, S> =>
    define<O, Sp, AsyncMethod<P, S>>(definition, true)
}
