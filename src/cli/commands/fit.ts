import { basename } from 'node:path'
import { InvalidInputError } from '../../base/index.ts'
import { type DataTable, isNistDataset, type NistDataset, parseCsv, parseNistDataset } from '../../data/index.ts'
import { type Chart, chartToSvg, formatNumber } from '../../drawing/index.ts'
import {
  agreeingDigits,
  type BoundModel,
  bindModel,
  checkResponse,
  type Fit,
  fitChart,
  fitOf,
  fitProblem,
  fitStart,
} from '../../inputs/index.ts'
import { readTextFile, writeFileAtomically } from '../../node/index.ts'
import { levenbergMarquardt } from '../../smooth/index.ts'
import type { AsyncMethod, Problem, RunOptions } from '../../solver/index.ts'
import { exitCodes, type Session } from '../session.ts'
import { solve } from '../solve.ts'
import { limits, type RunFlags } from './minimize.ts'

export interface FitOptions extends RunFlags {
  model?: string
  start?: string
  x?: string
  y?: string
  delimiter?: string
}

/** Fits a bound model by Levenberg-Marquardt. */
export async function fitModel(
  session: Session,
  model: BoundModel,
  start: Float64Array,
  options: RunOptions,
  name: string,
): Promise<Fit> {
  const result = await solve(
    session,
    fitProblem(model, start, name) as unknown as Problem,
    levenbergMarquardt() as unknown as AsyncMethod<Problem>,
    options,
  )
  return fitOf(model, result)
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
  const start = fitStart(model, options.start, certified)
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
