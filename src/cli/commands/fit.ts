import { basename } from 'node:path'
import { describe, InvalidInputError } from '../../base/index.ts'
import { type DataTable, isNistDataset, type NistDataset, parseCsv, parseNistDataset } from '../../data/index.ts'
import { type Chart, chartToSvg, formatNumber } from '../../drawing/index.ts'
import { readTextFile, writeFileAtomically } from '../../node/index.ts'
import { leastSquaresFromGraph, levenbergMarquardt, parameterUncertainty } from '../../smooth/index.ts'
import type { AsyncMethod, Problem, Result, RunOptions } from '../../solver/index.ts'
import { type BoundModel, bindModel } from '../model.ts'
import { exitCodes, type Session } from '../session.ts'
import { solve } from '../solve.ts'
import { namedNumbers } from '../values.ts'
import { limits, type RunFlags } from './minimize.ts'

export interface FitOptions extends RunFlags {
  model?: string
  start?: string
  x?: string
  y?: string
  delimiter?: string
}

/** A fit that was done, ready to be printed. */
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

/** Fits a bound model by Levenberg-Marquardt. */
export async function fitModel(
  session: Session,
  model: BoundModel,
  start: Float64Array,
  options: RunOptions,
  name: string,
): Promise<Fit> {
  const { parameters, response } = model
  const problem = leastSquaresFromGraph(model.residuals, { name, start })
  const result = await solve(session, problem, levenbergMarquardt() as unknown as AsyncMethod<Problem>, options)
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

/** `thalweg fit`. */
export async function fitCommand(session: Session, path: string, options: FitOptions): Promise<number> {
  const text = readTextFile(path)
  const source = basename(path)
  const nist = isNistDataset(text) ? parseNistDataset(text, { source }) : null
  const table: DataTable =
    nist?.table ??
    parseCsv(text, { source, ...(options.delimiter !== undefined && { delimiter: delimiter(options.delimiter) }) })
  const formula = options.model ?? (nist?.model == null ? undefined : `${nist.response} = ${nist.model}`)
  if (formula === undefined) {
    throw new InvalidInputError(
      nist === null
        ? `say what to fit: --model "a + b*x"; the columns of ${source} are ${table.columns.join(', ')}`
        : `the model of ${source} is not a formula that can be read; give it with --model`,
      { argument: '--model', expected: 'an expression', received: 'nothing' },
    )
  }
  const model = bindModel(table, {
    model: formula,
    ...(options.x !== undefined && { x: options.x }),
    ...(options.y !== undefined ? { y: options.y } : nist && { y: table.columns[0] }),
  })
  const certified = nist && options.model === undefined ? nist : null
  const start = startOf(model, options.start, certified)
  checkResponse(model, table)

  const fit = await fitModel(session, model, start, limits(options), source)
  const { result } = fit
  const chart = fitChart(fit, source)
  if (options.svg !== undefined) writeFileAtomically(options.svg, chartToSvg(chart))
  session.answer({
    status: result.status,
    parameters: fit.parameters,
    residualSumOfSquares: fit.residualSumOfSquares,
    degreesOfFreedom: fit.degreesOfFreedom,
    residualStandardDeviation: fit.residualStandardDeviation,
    message: result.message,
    model: `${model.responseName} = ${model.formula}`,
    rows: model.response.length,
    start,
    method: result.method,
    iterations: result.iterations,
    evaluations: result.evaluations,
    certificate: result.certificate,
    ...(certified && { certified: certifiedJson(certified, fit) }),
  })
  presentFit(session, fit, chart, certified, options)
  return result.converged ? exitCodes.solved : exitCodes.notConverged
}

function delimiter(text: string): string {
  return text === '\\t' || text === 'tab' ? '\t' : text
}

function startOf(model: BoundModel, text: string | undefined, certified: NistDataset | null): Float64Array {
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

function checkResponse(model: BoundModel, table: DataTable): void {
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

function certifiedJson(nist: NistDataset, { parameters, residualSumOfSquares }: Fit): object {
  const digits = parameters.map(({ name, value }) =>
    agreeingDigits(value, nist.certified.parameters[nist.parameters.indexOf(name)]),
  )
  return {
    parameters: parameters.map(({ name }, j) => {
      const k = nist.parameters.indexOf(name)
      return {
        name,
        value: nist.certified.parameters[k],
        standardDeviation: nist.certified.standardDeviations[k],
        agreeingDigits: digits[j],
      }
    }),
    residualSumOfSquares: nist.certified.residualSumOfSquares,
    residualSumOfSquaresDigits: agreeingDigits(residualSumOfSquares, nist.certified.residualSumOfSquares),
    agreeingDigits: Math.min(...digits),
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

/** Prints a fit for people. */
export function presentFit(
  session: Session,
  fit: Fit,
  chart: Chart,
  certified: NistDataset | null,
  { svg, plot = true }: FitOptions,
): void {
  if (session.json) return
  const { model, result, parameters } = fit
  session.say()
  session.say(`  ${model.responseName} = ${model.formula}`)
  session.paragraph(result.message, result.converged ? 'green' : 'yellow')
  session.say()
  session.table({
    title: '',
    columns: ['parameter', 'value', 'standard error', ...(certified ? ['certified', 'agreeing digits'] : [])],
    rows: parameters.map(({ name, value, standardError }) => {
      const row = [name, formatNumber(value, 10), formatNumber(standardError, 6)]
      if (certified === null) return row
      const known = certified.certified.parameters[certified.parameters.indexOf(name)]
      return [...row, formatNumber(known, 10), agreeingDigits(value, known).toFixed(1)]
    }),
  })
  const { residualSumOfSquares, residualStandardDeviation, degreesOfFreedom } = fit
  session.say(
    `  residual sum of squares     ${formatNumber(residualSumOfSquares, 10)}${
      certified ? ` (certified ${formatNumber(certified.certified.residualSumOfSquares, 10)})` : ''
    }`,
  )
  session.say(
    `  residual standard deviation ${formatNumber(residualStandardDeviation, 6)} on ${degreesOfFreedom} degrees of freedom`,
  )
  if (!fit.determined) session.say('  The data do not determine all parameters, so there are no standard errors.')
  session.say()
  if (plot) session.chart(chart)
  if (svg !== undefined) session.say(`  Plot written to ${svg}`)
}
