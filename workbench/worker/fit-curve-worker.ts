import { InvalidInputError } from '../../src/base/index.ts'
import { type DataTable, isNistDataset, type NistDataset, parseCsv, parseNistDataset } from '../../src/data/index.ts'
import {
  agreeingDigits,
  type BoundModel,
  bindModel,
  checkResponse,
  fitChart,
  fitOf,
  fitProblem,
  fitStart,
} from '../../src/inputs/index.ts'
import { levenbergMarquardt } from '../../src/smooth/index.ts'
import { type AsyncMethod, type Problem, runAsync } from '../../src/solver/index.ts'
import { failureOf } from './failure.ts'
import type {
  FitOutcome,
  FitRequest,
  FittedParameter,
  FromFitCurveWorker,
  TableSource,
  TableSummary,
  ToFitCurveWorker,
} from './fit-curve-protocol.ts'
import { textOfFile } from './text-of-file.ts'

const post = (message: FromFitCurveWorker): void => self.postMessage(message)

let table: DataTable | null = null
let nist: NistDataset | null = null
let newest = 0
let controller: AbortController | null = null

async function read(source: TableSource): Promise<{ table: DataTable; nist: NistDataset | null }> {
  const name = source.kind === 'file' ? source.file.name : 'the text'
  const text = source.kind === 'file' ? await textOfFile(source.file, name) : source.text
  if (!isNistDataset(text)) return { table: parseCsv(text, { source: name }), nist: null }
  const dataset = parseNistDataset(text, { source: name })
  return { table: dataset.table, nist: dataset }
}

function summaryOf({ source, columns, cells }: DataTable, dataset: NistDataset | null): TableSummary {
  const problem =
    dataset === null || dataset.model === null
      ? null
      : {
          model: `${dataset.response} = ${dataset.model}`,
          starts: dataset.starts.map((start) => dataset.parameters.map((name, j) => `${name}=${start[j]}`).join(',')),
        }
  return { name: source, columns, rows: cells.length, nist: problem }
}

function bind({ model, x, y }: FitRequest): BoundModel {
  if (table === null) throw new InvalidInputError('there is no table yet', { argument: 'data' })
  if (model.trim() === '') {
    throw new InvalidInputError(`say what to fit, such as a + b*x; the columns are ${table.columns.join(', ')}`, {
      argument: 'model',
      expected: 'an expression',
      received: 'nothing',
    })
  }
  return bindModel(table, {
    model,
    ...(x !== '' && { x }),
    ...(y !== '' ? { y } : nist !== null && { y: table.columns[0] }),
  })
}

/** The certified values, where the model is that of the file. */
function certifiedFor({ formula }: BoundModel): NistDataset | null {
  return nist !== null && formula === nist.model ? nist : null
}

async function fitCurve(request: FitRequest): Promise<void> {
  controller?.abort()
  const own = new AbortController()
  controller = own
  const model = bind(request)
  const certified = certifiedFor(model)
  const start = fitStart(model, request.start === '' ? undefined : request.start, certified)
  checkResponse(model, table as DataTable)
  const problem = fitProblem(model, start, (table as DataTable).source)
  const result = await runAsync(
    problem as unknown as Problem,
    levenbergMarquardt() as unknown as AsyncMethod<Problem>,
    { signal: own.signal },
  )
  if (controller !== own) return
  const found = fitOf(model, result)
  const x = result.x as Float64Array
  const fitted = model.evaluate(x)
  const chart = fitChart(found, `${model.responseName} = ${model.formula}`)
  const rows = Float64Array.from(model.response, (_, i) => i + 1)
  const [name, along] = model.predictors.size === 1 ? [...model.predictors][0] : ['row', rows]
  const outcome: FitOutcome = {
    status: result.status,
    message: result.message,
    formula: `${model.responseName} = ${model.formula}`,
    parameters: found.parameters.map((parameter): FittedParameter => {
      if (certified === null) return parameter
      const value = certified.certified.parameters[certified.parameters.indexOf(parameter.name)]
      return { ...parameter, certified: value, agreeingDigits: agreeingDigits(parameter.value, value) }
    }),
    residualSumOfSquares: found.residualSumOfSquares,
    ...(certified !== null && { certifiedSumOfSquares: certified.certified.residualSumOfSquares }),
    degreesOfFreedom: found.degreesOfFreedom,
    residualStandardDeviation: found.residualStandardDeviation,
    determined: found.determined,
    iterations: result.iterations,
    measures: result.certificate?.measures ?? null,
    chart,
    residuals: {
      title: 'Residuals',
      kind: 'points',
      x: { label: name },
      y: { label: `${model.responseName}, observed minus model` },
      series: [
        { label: 'residuals', x: along, y: model.response.map((value, i) => value - fitted[i]) },
        { label: 'zero', mark: 'line', x: [Math.min(...along), Math.max(...along)], y: [0, 0] },
      ],
    },
  }
  post({ type: 'fitted', outcome })
}

self.addEventListener('message', ({ data }: MessageEvent<ToFitCurveWorker>) => {
  switch (data.type) {
    case 'read': {
      const { id } = data
      newest = id
      controller?.abort()
      controller = null
      table = null
      nist = null
      read(data.source).then(
        (found) => {
          if (id !== newest) return
          table = found.table
          nist = found.nist
          post({ type: 'read', id, summary: summaryOf(found.table, found.nist) })
        },
        (error: unknown) => post({ type: 'unreadable', id, failure: failureOf(error) }),
      )
      return
    }
    case 'bind':
      try {
        const { parameters, responseName } = bind(data.request)
        post({ type: 'bound', parameters, response: responseName, failure: null })
      } catch (error) {
        post({ type: 'bound', parameters: [], response: '', failure: failureOf(error) })
      }
      return
    case 'fit':
      fitCurve(data.request).catch((error: unknown) => post({ type: 'failed', failure: failureOf(error) }))
      return
    case 'cancel':
      controller?.abort()
  }
})
