import { ThalwegError } from '../../src/base/errors.ts'

/** An error as plain data, as it crosses from a worker to the page. */
export interface Failure {
  /** The class of the error, e.g. `OptionError`; `Error` for a mistake in the program. */
  readonly name: string
  readonly message: string
  readonly argument?: string
  readonly expected?: string
  readonly received?: string
}

/** What the page shows of an error, whoever threw it. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ThalwegError) {
    const { name, message, argument, expected, received } = error
    return { name, message, argument, expected, received }
  }
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: 'Error', message: String(error) }
}
