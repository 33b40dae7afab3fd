import { describe, OptionError, type OptionSpec, type OptionSpecs } from '../base/index.ts'
import { numberFromText } from '../data/index.ts'

function refuse(flag: string, expected: string, text: string): never {
  throw new OptionError(`${flag} must be ${expected}, got ${describe(text)}`, {
    argument: flag,
    expected,
    received: describe(text),
  })
}

/** A parser of a finite number within an interval, for a flag. */
export function numberFlag(flag: string, { min = -Infinity, positive = false } = {}): (text: string) => number {
  const expected = positive ? 'a number > 0' : min === 0 ? 'a number >= 0' : 'a number'
  return (text) => {
    const value = numberFromText(text)
    if (value === null || value < min || (positive && value <= 0)) refuse(flag, expected, text)
    return value
  }
}

/** A parser of an integer in [min, max], for a flag. */
export function integerFlag(flag: string, min = 0, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const expected = max === Number.MAX_SAFE_INTEGER ? `an integer in [${min}, 2^53)` : `an integer in [${min}, ${max}]`
  return (text) => {
    const value = numberFromText(text)
    if (value === null || !Number.isSafeInteger(value) || value < min || value > max) refuse(flag, expected, text)
    return value
  }
}

/** Numbers separated by commas (or spaces); `inf` and `-inf` where `infinite` says so. */
export function numberList(flag: string, text: string, infinite = false): Float64Array {
  const fields = text.trim().split(/\s*,\s*|\s+/)
  return Float64Array.from(fields, (field) => {
    if (infinite && /^[+-]?inf(inity)?$/i.test(field)) return field.startsWith('-') ? -Infinity : Infinity
    return numberFromText(field) ?? refuse(flag, 'numbers separated by commas, such as -1.2,1', text)
  })
}

/**
 * One number for each name: `1,2` in the order of the names, or `b=2,a=1` in any order.
 *
 * @param fallback for names that are not mentioned in the second form; without it all must be
 * @param forAll whether a single number stands for all names
 */
export function namedNumbers(
  flag: string,
  text: string,
  names: readonly string[],
  { infinite = false, fallback, forAll = false }: { infinite?: boolean; fallback?: number; forAll?: boolean } = {},
): Float64Array {
  const listed = names.join(', ')
  if (!text.includes('=')) {
    const values = numberList(flag, text, infinite)
    if (values.length === names.length) return values
    if (forAll && values.length === 1) return new Float64Array(names.length).fill(values[0])
    return refuse(flag, `${names.length} number${names.length === 1 ? '' : 's'}, one for each of ${listed}`, text)
  }
  const given = new Map<string, number>()
  for (const field of text.split(',')) {
    const [name, value, ...rest] = field.split('=').map((part) => part.trim())
    if (!names.includes(name) || value === undefined || rest.length > 0 || given.has(name)) {
      refuse(flag, `name=value once for each of ${listed}`, text)
    }
    given.set(name, numberList(flag, value, infinite)[0])
  }
  return Float64Array.from(names, (name) => {
    const value = given.get(name) ?? fallback
    return value ?? refuse(flag, `a value for ${name} too`, text)
  })
}

/** Gathers repeated `--set name=value`. */
export function settingFlag(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) refuse('--set', 'name=value', text)
  return { ...before, [text.slice(0, at).trim()]: text.slice(at + 1).trim() }
}

/** Turns the texts of `--set` into values of the right types. The method or experiment then checks names and intervals. */
export function settings(
  texts: Readonly<Record<string, string>>,
  specs: OptionSpecs<Record<string, unknown>> | Readonly<Record<string, OptionSpec<unknown>>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => {
      const spec = (specs as Record<string, OptionSpec<unknown> | undefined>)[name]
      // An unknown name goes through: who checks the options names the nearest known one.
      return [name, spec === undefined ? text : valueFrom(name, spec, text)]
    }),
  )
}

function valueFrom(name: string, spec: OptionSpec<unknown>, text: string): unknown {
  const wrong = (): never => refuse(`--set ${name}`, spec.expected, text)
  switch (spec.type) {
    case 'number':
    case 'integer': {
      if (/^[+]?inf(inity)?$/i.test(text)) return Infinity
      return numberFromText(text) ?? wrong()
    }
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : wrong()
    case 'choice':
      return text
    case 'object':
      try {
        return JSON.parse(text)
      } catch {
        return wrong()
      }
    case 'function':
      throw new OptionError(`--set ${name}: a function cannot be given on the command line`, { argument: name })
  }
}
