import { describe, InvalidInputError } from '../base/index.ts'
import type { DataTable, NistDataset } from '../data/index.ts'
import type { Chart } from '../drawing/index.ts'
import { type LeastSquaresProblem, leastSquaresFromGraph, parameterUncertainty } from '../smooth/index.ts'
import type { Result } from '../solver/index.ts'
import type { BoundModel } from './curve-model.ts'
import { namedNumbers } from './values.ts'

/** A fit that was done, ready to be shown. */
export interface Fit {
  readonly model: BoundModel
  readonly result: Result<unknown>
  readonly parameters: readonly { readonly name: string; readonly value: number; readonly standardError: number }[]
  readonly residualSumOfSquares: number
  readonly degreesOfFreedom: number
  readonly residualStandardDeviation: number
  /** Whether the data determine all parameters. */
  readonly determined: boolean
}

/** The least-squares problem of a bound model. */
export function fitProblem({ residuals }: BoundModel, start: Float64Array, name: string): LeastSquaresProblem {
  return leastSquaresFromGraph(residuals, { name, start })
}

/** What a run on the problem of a model says about its parameters. */
export function fitOf(model: BoundModel, result: Result<unknown>): Fit {
  const { parameters, response } = model
  const x = result.x as Float64Array
  const residualSumOfSquares = 2 * result.objective
  const degreesOfFreedom = response.length - parameters.length
  const variance = degreesOfFreedom > 0 ? residualSumOfSquares / degreesOfFreedom : NaN
  const jacobian = model.residuals.jacobian(x, new Float64Array(response.length * parameters.length))
  const { standardErrors, rank } = parameterUncertainty(jacobian, parameters.length, variance)
  return {
    model,
    result,
    parameters: parameters.map((parameter, j) => ({ name: parameter, value: x[j], standardError: standardErrors[j] })),
    residualSumOfSquares,
    degreesOfFreedom,
    residualStandardDeviation: Math.sqrt(variance),
    determined: rank === parameters.length,
  }
}

/** Digits to which a number agrees with a certified one, 0 to 11: -log10 of the relative difference. */
export function agreeingDigits(value: number, certified: number): number {
  const difference = Math.abs(value - certified) / (certified === 0 ? 1 : Math.abs(certified))
  if (!(difference < 1)) return 0
  return difference === 0 ? 11 : Math.min(11, -Math.log10(difference))
}

/**
 * Where the parameters start: what was asked for, else what a NIST file says (its first start, or the one of `text`, 1 or 2).
 *
 * @throws {InvalidInputError} if nothing says so
 * @throws {OptionError} if the text does not give a number for each parameter
 */
export function fitStart(model: BoundModel, text: string | undefined, certified: NistDataset | null): Float64Array {
  const { parameters } = model
  if (certified !== null && (text === undefined || ((text === '1' || text === '2') && parameters.length > 1))) {
    const start = certified.starts[Number(text ?? '1') - 1]
    // The file's order, in ours.
    return Float64Array.from(parameters, (name) => start[certified.parameters.indexOf(name)])
  }
  if (text === undefined) {
    throw new InvalidInputError(
      `say where the parameters start: --start=${parameters.map(() => '1').join(',')} (one number for each of ${parameters.join(', ')})`,
      { argument: '--start', expected: `${parameters.length} numbers`, received: 'nothing' },
    )
  }
  return namedNumbers('--start', text, parameters)
}

/** @throws {InvalidInputError} if the response is not finite in some row, or there are fewer rows than parameters */
export function checkResponse(model: BoundModel, table: DataTable): void {
  const { response, parameters } = model
  const bad = response.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) {
    throw new InvalidInputError(
      `${table.source}, line ${table.lines[bad]}: ${model.responseName} is ${response[bad]} in this row`,
      { argument: '--model', expected: 'finite values of the response', received: String(response[bad]) },
    )
  }
  if (response.length < parameters.length) {
    throw new InvalidInputError(
      `${table.source}: ${response.length} rows cannot determine ${parameters.length} parameters (${parameters.join(', ')})`,
      { argument: '--model', expected: `at least ${parameters.length} rows`, received: describe(response) },
    )
  }
}

/** Data and curve; for several predictors, what was observed against what the model says. */
export function fitChart(fit: Fit, title: string): Chart {
  const { model, result } = fit
  const x = result.x as Float64Array
  const { predictors, response, responseName, formula } = model
  if (predictors.size === 1) {
    const [[name, values]] = [...predictors]
    const low = values.reduce((a, b) => Math.min(a, b))
    const high = values.reduce((a, b) => Math.max(a, b))
    const grid = Float64Array.from({ length: 161 }, (_, i) => low + ((high - low) * i) / 160)
    return {
      title,
      kind: 'points',
      x: { label: name },
      y: { label: responseName },
      series: [
        { label: 'data', x: values, y: response },
        { label: formula, mark: 'line', x: grid, y: model.evaluate(x, new Map([[name, grid]])) },
      ],
    }
  }
  const fitted = model.evaluate(x)
  const ends = [Math.min(...response), Math.max(...response)]
  return {
    title,
    kind: 'points',
    x: { label: `${responseName}, fitted` },
    y: { label: `${responseName}, observed` },
    series: [
      { label: 'data', x: fitted, y: response },
      { label: 'perfect fit', mark: 'line', x: ends, y: ends },
    ],
  }
}
