import { closest, distance } from 'fastest-levenshtein'
import { describe, OptionError } from './errors.ts'

/**
 * One option of a method: how to check it, its default, and what a person needs to know to set it. From these the checks,
 * the command line, the documentation and the workbench's controls are made.
 */
export interface OptionSpec<T> {
  readonly type: 'number' | 'integer' | 'boolean' | 'choice' | 'object' | 'function'
  /** The value used when the option is absent; `undefined` if there is none. */
  readonly fallback: T
  /** A few words for a label. The full documentation is on the options interface. */
  readonly label: string
  /** Bounds of a number, for messages and sliders. */
  readonly min?: number
  readonly max?: number
  readonly minExcluded?: boolean
  readonly maxExcluded?: boolean
  /** A sensible slider scale. */
  readonly scale?: 'linear' | 'log'
  /** The values of a choice. */
  readonly choices?: readonly string[]
  /** What is allowed, in words. */
  readonly expected: string
  /** Whether the value is allowed. */
  accepts(value: unknown): value is T
}

/** The specs of all options of an options interface. */
export type OptionSpecs<O> = {
  readonly [K in keyof O]-?: OptionSpec<O[K] | undefined> | OptionSpec<Exclude<O[K], undefined>>
}

/** Options after checking: those with a default are always there. */
export type Resolved<O, S> = {
  [K in keyof O]-?: K extends keyof S ? (S[K] extends OptionSpec<infer T> ? T : O[K]) : O[K]
}

interface Interval {
  min?: number
  max?: number
  minExcluded?: boolean
  maxExcluded?: boolean
  scale?: 'linear' | 'log'
}

function intervalWords(kind: string, { min = -Infinity, max = Infinity, minExcluded, maxExcluded }: Interval): string {
  const noun = kind === 'integer' ? 'an integer' : 'a finite number'
  if (min <= -Number.MAX_VALUE && max >= Number.MAX_VALUE) return noun
  if (max >= Number.MAX_VALUE) return `${noun} ${minExcluded ? '>' : '>='} ${min}`
  if (min === -Infinity) return `${noun} ${maxExcluded ? '<' : '<='} ${max}`
  return `${kind === 'integer' ? noun : 'a number'} in ${minExcluded ? '(' : '['}${min}, ${max}${maxExcluded ? ')' : ']'}`
}

function inInterval(value: number, { min = -Infinity, max = Infinity, minExcluded, maxExcluded }: Interval): boolean {
  return (minExcluded ? value > min : value >= min) && (maxExcluded ? value < max : value <= max)
}

function numeric<T extends number | undefined>(
  type: 'number' | 'integer',
  fallback: T,
  label: string,
  interval: Interval,
): OptionSpec<T> {
  return {
    type,
    fallback,
    label,
    ...interval,
    expected: intervalWords(type, interval),
    accepts: (value): value is T =>
      typeof value === 'number' &&
      !Number.isNaN(value) &&
      (type === 'number' || Number.isInteger(value) || value === Infinity) &&
      inInterval(value, interval),
  }
}

/** A finite number > 0. */
export function positive<T extends number | undefined>(fallback: T, label: string): OptionSpec<T> {
  return numeric('number', fallback, label, { min: 0, minExcluded: true, max: Number.MAX_VALUE, scale: 'log' })
}

/** A finite number >= 0. */
export function nonNegative<T extends number | undefined>(fallback: T, label: string): OptionSpec<T> {
  return numeric('number', fallback, label, { min: 0, max: Number.MAX_VALUE })
}

/** Any finite number. */
export function real<T extends number | undefined>(fallback: T, label: string): OptionSpec<T> {
  return numeric('number', fallback, label, { min: -Number.MAX_VALUE, max: Number.MAX_VALUE })
}

/** A number in the open interval (min, max). */
export function within<T extends number | undefined>(
  min: number,
  max: number,
  fallback: T,
  label: string,
): OptionSpec<T> {
  return numeric('number', fallback, label, { min, max, minExcluded: true, maxExcluded: true })
}

/** A number in the closed interval [min, max]. */
export function between<T extends number | undefined>(
  min: number,
  max: number,
  fallback: T,
  label: string,
): OptionSpec<T> {
  return numeric('number', fallback, label, { min, max })
}

/** An integer in [min, max]; `Infinity` is allowed when max is. */
export function integer<T extends number | undefined>(
  fallback: T,
  label: string,
  { min = 0, max = Infinity }: { min?: number; max?: number } = {},
): OptionSpec<T> {
  return numeric('integer', fallback, label, { min, max })
}

/** true or false. */
export function flag(fallback: boolean, label: string): OptionSpec<boolean> {
  return {
    type: 'boolean',
    fallback,
    label,
    expected: 'true or false',
    accepts: (value): value is boolean => typeof value === 'boolean',
  }
}

/** One of a fixed list of words. */
export function choice<const C extends readonly string[]>(
  choices: C,
  fallback: C[number],
  label: string,
): OptionSpec<C[number]> {
  return {
    type: 'choice',
    fallback,
    label,
    choices,
    expected: `one of ${choices.map((c) => `'${c}'`).join(', ')}`,
    accepts: (value): value is C[number] => typeof value === 'string' && choices.includes(value),
  }
}

/** A callback, or nothing. */
export function callback<F>(label: string): OptionSpec<F | undefined> {
  return {
    type: 'function',
    fallback: undefined,
    label,
    expected: 'a function',
    accepts: (value): value is F | undefined => typeof value === 'function',
  }
}

/** Any structured value that passes `accepts`; `expected` says in words what that is. */
export function structured<T>(
  fallback: T,
  label: string,
  expected: string,
  accepts: (value: unknown) => boolean,
): OptionSpec<T> {
  return { type: 'object', fallback, label, expected, accepts: accepts as (value: unknown) => value is T }
}

/** Throws if `given` is not a plain object or has a name that is not among `known`, and suggests the nearest name. */
export function checkNames(given: object, known: readonly string[], where: string): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given) || ArrayBuffer.isView(given)) {
    throw new OptionError(`${where}: expected an options object, got ${describe(given)}`, {
      argument: where,
      expected: 'an options object',
      received: describe(given),
    })
  }
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    const nearest = known.length > 0 ? closest(name, known as string[]) : undefined
    const near = nearest !== undefined && distance(name, nearest) <= Math.max(3, Math.ceil(nearest.length / 2))
    const hint = near
      ? `did you mean '${nearest}'?`
      : known.length > 0
        ? `known options: ${known.join(', ')}`
        : 'there are no options'
    throw new OptionError(`${where}: unknown option '${name}'; ${hint}`, {
      argument: name,
      expected: near ? nearest : known.join(', '),
      received: name,
    })
  }
}

/**
 * Checks options against their specs and fills in the defaults. An option given as `undefined` counts as absent.
 *
 * @throws {OptionError} naming the option, what is allowed and what came; unknown names get the nearest known name
 */
export function checked<O extends object, S extends { readonly [K in keyof O]-?: OptionSpec<unknown> }>(
  where: string,
  given: O,
  specs: S,
): Resolved<O, S> {
  checkNames(given, Object.keys(specs), where)
  const resolved: Record<string, unknown> = {}
  for (const [name, spec] of Object.entries(specs) as [string, OptionSpec<unknown>][]) {
    const value = (given as Record<string, unknown>)[name]
    if (value === undefined) {
      resolved[name] = spec.fallback
    } else if (spec.accepts(value)) {
      resolved[name] = value
    } else {
      throw new OptionError(`${where}: ${name} must be ${spec.expected}, got ${describe(value)}`, {
        argument: name,
        expected: spec.expected,
        received: describe(value),
      })
    }
  }
  return resolved as Resolved<O, S>
}
