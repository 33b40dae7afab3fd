import { basename } from 'node:path'
import { OptionError, ParseError, ShapeError, ThalwegError } from '../../base/index.ts'
import { numberFromText, numbersOf, parseCsv } from '../../data/index.ts'
import { chartToSvg, formatNumber } from '../../drawing/index.ts'
import { convergenceChart, namedMethod } from '../../inputs/index.ts'
import { readTextFile, writeFileAtomically } from '../../node/index.ts'
import { createMethod } from '../../registry.ts'
import type { Problem, Result } from '../../solver/index.ts'
import {
  linearSystem,
  linearSystemClass,
  type MatrixMarketMatrix,
  parseMatrixMarket,
  solveLinearAsync,
} from '../../systems/index.ts'
import { exitCodes, type Session } from '../session.ts'
import { showProgress, solve } from '../solve.ts'
import { limits, type RunFlags } from './minimize.ts'

export interface LinearOptions extends RunFlags {
  rhs?: string
  method?: string
  omega?: string
  set?: Record<string, string>
  solution?: string
  full?: boolean
}

/** Unknowns up to which the answer lists x. */
const LISTED = 1000

const relaxed = ['sor', 'symmetric-sor']

function readMatrix(path: string): MatrixMarketMatrix['matrix'] {
  const text = readTextFile(path)
  try {
    return parseMatrixMarket(text).matrix
  } catch (cause) {
    if (!(cause instanceof ThalwegError)) throw cause
    throw new ParseError(`${path}: ${cause.message}`, { argument: path, expected: cause.expected, cause })
  }
}

/** A vector: an n x 1 (or 1 x n) MatrixMarket file, or a CSV file with one column. */
function readVector(path: string): Float64Array {
  if (/\.mtx(?:\.gz)?$/i.test(path)) {
    const { rows, cols, rowPointers, columnIndices, values } = readMatrix(path)
    if (rows !== 1 && cols !== 1) {
      throw new ShapeError(`${path}: the right-hand side must be one column, got ${rows} x ${cols}`, {
        argument: path,
        expected: 'one column',
        received: `${rows} x ${cols}`,
      })
    }
    const out = new Float64Array(rows * cols)
    for (let i = 0; i < rows; i++) {
      for (let p = rowPointers[i]; p < rowPointers[i + 1]; p++) out[i * cols + columnIndices[p]] = values[p]
    }
    return out
  }
  const table = parseCsv(readTextFile(path), { source: basename(path) })
  if (table.columns.length !== 1) {
    throw new ShapeError(`${table.source}: the right-hand side must be one column, got ${table.columns.join(', ')}`, {
      argument: path,
      expected: 'one column',
      received: `${table.columns.length} columns`,
    })
  }
  return numbersOf(table, table.columns[0])
}

function omegaOf(text: string, method: string | undefined): number | 'auto' {
  if (method === undefined || !relaxed.includes(method)) {
    throw new OptionError(`--omega goes together with --method ${relaxed.join(' or --method ')}`, {
      argument: '--omega',
      expected: relaxed.join(', '),
      received: method ?? 'no method',
    })
  }
  const omega = text === 'auto' ? text : numberFromText(text)
  if (omega === 'auto' || (omega !== null && omega > 0 && omega < 2)) return omega
  throw new OptionError(`--omega must be auto or a number in (0, 2), got '${text}'`, {
    argument: '--omega',
    expected: 'auto or a number in (0, 2)',
    received: text,
  })
}

/** `thalweg linear`: A x = b. */
export async function linearCommand(session: Session, path: string, options: LinearOptions): Promise<number> {
  const omega = options.omega === undefined ? undefined : omegaOf(options.omega, options.method)
  const matrix = readMatrix(path)
  const { rows, cols } = matrix
  if (rows !== cols) {
    throw new ShapeError(`${path}: the matrix must be square, got ${rows} x ${cols}`, {
      argument: path,
      expected: 'a square matrix',
      received: `${rows} x ${cols}`,
    })
  }
  const b = options.rhs === undefined ? new Float64Array(rows).fill(1) : readVector(options.rhs)
  if (b.length !== rows) {
    throw new ShapeError(
      `${options.rhs}: the right-hand side has ${b.length} entries, but the matrix has ${rows} rows`,
      {
        argument: '--rhs',
        expected: `${rows} entries`,
        received: String(b.length),
      },
    )
  }
  if (options.method === undefined && options.set !== undefined) {
    throw new OptionError('--set goes together with --method', { argument: '--set', expected: '--method' })
  }
  let result: Result<Float64Array>
  if (options.method === undefined) {
    const { tolerance, maxIterations, maxSeconds } = options
    const { optimality: measure, defaults } = linearSystemClass
    result = await solveLinearAsync(matrix, b, {
      ...(limits(options) as object),
      signal: session.signal,
      onIteration: showProgress(session, {
        measure,
        tolerance: tolerance ?? defaults.tolerance,
        maxIterations: maxIterations ?? defaults.maxIterations,
        ...(maxSeconds !== undefined && { maxSeconds }),
      }),
    })
    session.progress.stop()
  } else {
    const problem = linearSystem({ matrix, rightHandSide: b, name: basename(path) }) as Problem
    const named = namedMethod(options.method, options.set, problem)
    const method = omega === undefined ? named : createMethod(options.method, { ...named.options, omega })
    result = (await solve(session, problem, method, limits(options))) as Result<Float64Array>
  }
  const { status, x, iterations, method, message, evaluations, elapsedMs, certificate } = result
  const residual = certificate?.measures.relativeResidual ?? NaN
  const chart = convergenceChart(result.trace, 'relativeResidual', `${method} on ${basename(path)}`)
  if (options.solution !== undefined) writeFileAtomically(options.solution, `x\n${x.join('\n')}\n`)
  if (options.svg !== undefined) writeFileAtomically(options.svg, chartToSvg(chart))
  session.answer({
    status,
    residual,
    iterations,
    method,
    message,
    ...((x.length <= LISTED || options.full) && { x }),
    unknowns: rows,
    nonzeros: matrix.values.length,
    evaluations,
    elapsedMs,
  })
  session.say()
  session.paragraph(message, result.converged ? 'green' : 'yellow')
  session.say()
  session.say(`  unknowns    ${rows}, ${matrix.values.length} nonzero entries`)
  session.say(`  residual    ${formatNumber(residual, 4)} (2-norm of b - A x over that of b, measured at x)`)
  session.say(`  method      ${method}, ${iterations} iterations, ${formatNumber(elapsedMs, 3)} ms`)
  session.say()
  if ((options.plot ?? true) && (result.trace.columns.iteration?.length ?? 0) > 2) session.chart(chart, { height: 12 })
  if (options.solution !== undefined) session.say(`  Solution written to ${options.solution}`)
  if (options.svg !== undefined) session.say(`  Plot written to ${options.svg}`)
  return result.converged ? exitCodes.solved : exitCodes.notConverged
}
