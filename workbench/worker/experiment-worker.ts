import { loadExperiment, type ParameterValues, type Report } from '../../experiments/index.ts'
import { checked } from '../../src/base/index.ts'
import { failureOf } from './failure.ts'
import type { FromExperimentWorker, ToExperimentWorker } from './protocol.ts'

const post = (message: FromExperimentWorker): void => self.postMessage(message)
const controller = new AbortController()

async function run({ slug, parameters, seed }: Extract<ToExperimentWorker, { type: 'start' }>): Promise<void> {
  const { signal } = controller
  const report: Report = {
    progress: (fraction, doing) => post({ type: 'progress', fraction, doing }),
    chart: (chart) => post({ type: 'chart', chart }),
    table: (table) => post({ type: 'table', table }),
    signal,
  }
  try {
    const experiment = await loadExperiment(slug)
    const values = checked(slug, parameters, experiment.parameters) as ParameterValues<typeof experiment.parameters>
    const claims = await experiment.run(values, report, seed)
    post({ type: 'finished', claims: signal.aborted ? [] : claims, cancelled: signal.aborted })
  } catch (error) {
    // An experiment that is stopped in the middle may find half its numbers missing.
    if (signal.aborted) post({ type: 'finished', claims: [], cancelled: true })
    else post({ type: 'failed', failure: failureOf(error) })
  }
}

/** One worker runs one experiment. */
self.addEventListener('message', ({ data }: MessageEvent<ToExperimentWorker>) => {
  if (data.type === 'start') void run(data)
  else controller.abort()
})
