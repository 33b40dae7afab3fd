/** Stable machine-readable codes of the errors that this library throws. */
export type ErrorCode =
  | 'invalid-input'
  | 'invalid-option'
  | 'shape-mismatch'
  | 'unsupported'
  | 'parse-failed'
  | 'file-failed'
  | 'engine-failed'

/** What an error is about: the data behind its text, so that a program can react without parsing a sentence. */
export interface ErrorDetails {
  /** The argument, option or place that was wrong, e.g. `options.tolerance`. */
  argument?: string
  /** What was expected there, in words. */
  expected?: string
  /** What came instead, in words. */
  received?: string
  /** The error underneath, if any. */
  cause?: unknown
}

/**
 * Base of every error thrown by this library. Numerical outcomes (no convergence, NaN, infeasibility) are never errors:
 * they are a status of the result. Errors are for wrong input and for what cannot be done at all.
 */
export class ThalwegError extends Error {
  readonly code: ErrorCode
  readonly argument: string | undefined
  readonly expected: string | undefined
  readonly received: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = new.target.name
    this.code = code
    this.argument = details.argument
    this.expected = details.expected
    this.received = details.received
  }
}

/** An argument has the wrong type or value. */
export class InvalidInputError extends ThalwegError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('invalid-input', message, details)
  }
}

/** An option is unknown, of the wrong type, or outside its interval. */
export class OptionError extends ThalwegError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('invalid-option', message, details)
  }
}

/** Two shapes do not fit together. */
export class ShapeError extends ThalwegError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('shape-mismatch', message, details)
  }
}

/** The method or function cannot do this on such a problem (no gradient, no such constraint, no such platform feature). */
export class UnsupportedError extends ThalwegError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('unsupported', message, details)
  }
}

/** A file or text is not in the format that it should be in. */
export class ParseError extends ThalwegError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('parse-failed', message, details)
  }
}

/** A file cannot be read or written. */
export class FileError extends ThalwegError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('file-failed', message, details)
  }
}

/** A short description of any value for an error message: `3.5`, `"abc"`, `Float64Array(4)`, `[3, 4]`, `undefined`. */
export function describe(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 60 ? `${JSON.stringify(value.slice(0, 57))}...` : JSON.stringify(value)
  if (typeof value === 'function') return value.name ? `function ${value.name}` : 'a function'
  if (Array.isArray(value)) {
    return value.length <= 8 && value.every((v) => typeof v === 'number')
      ? `[${value.join(', ')}]`
      : `an array of length ${value.length}`
  }
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as unknown as ArrayLike<number>).length})`
  if (typeof value === 'object' && value !== null)
    return `an object with keys ${Object.keys(value).join(', ') || '(none)'}`
  return String(value)
}
