import { formatNumber } from '../../src/drawing/format.ts'
import type { PageEntry } from '../catalogue/catalogue.ts'
import { inWords } from '../charts/in-words.ts'
import type { RunRequest } from '../worker/protocol.ts'
import { titleOf } from './run-charts.tsx'
import type { Lane, RunController } from './run-controller.ts'

/** One line for each contestant: how it ended, or where it is. */
export function Results({
  page,
  controller,
  request,
}: {
  page: PageEntry
  controller: RunController
  request: RunRequest
}) {
  void controller.chartVersion.value
  const { lanes } = controller
  const optimality = page.problems?.charted?.measure ?? page.problems?.optimality ?? 'objective'
  const message = lanes[0]?.ending?.message
  return (
    <div class="results">
      <div class="table-scroll">
        <table>
          <caption class="visually-hidden">Results</caption>
          <thead>
            <tr>
              <th scope="col">method</th>
              <th scope="col">status</th>
              <th scope="col" class="number">
                iterations
              </th>
              <th scope="col" class="number">
                objective
              </th>
              <th scope="col" class="number">
                {inWords(optimality)}
              </th>
              <th scope="col" class="number">
                ms
              </th>
              <th scope="col">oracle calls</th>
            </tr>
          </thead>
          <tbody>
            {request.contestants.map(({ method }) => (
              <Row
                key={method}
                page={page}
                lane={lanes.find((lane) => lane.method === method) ?? waitingLane(method)}
                optimality={optimality}
              />
            ))}
          </tbody>
        </table>
      </div>
      <p class="message">{message ?? ''}</p>
    </div>
  )
}

/** A contestant that has not begun: its row keeps its place. */
const waitingLane = (method: string): Lane => ({ method, columns: {}, frames: [], ending: null, failure: null })

function Row({ page, lane, optimality }: { page: PageEntry; lane: Lane; optimality: string }) {
  const { method, columns, ending, failure } = lane
  const last = (name: string): number | undefined => columns[name]?.at(-1)
  const evaluations = ending?.evaluations ?? lastEvaluations(columns)
  const calls = Object.entries(evaluations).filter(([, count]) => count > 0)
  const number = (value: number | undefined): string => (value === undefined ? '' : formatNumber(value, 5))
  if (failure !== null) {
    return (
      <tr>
        <th scope="row">{titleOf(page, method)}</th>
        <td colSpan={6} class="complaint">
          {failure.message}
        </td>
      </tr>
    )
  }
  return (
    <tr>
      <th scope="row">{titleOf(page, method)}</th>
      <td class={`status ${ending?.status ?? ''}`}>
        {ending?.status ?? (columns.iteration === undefined ? 'ready' : 'running')}
      </td>
      <td class="number">{ending?.iterations ?? last('iteration') ?? ''}</td>
      <td class="number">{number(ending?.objective ?? last('objective'))}</td>
      <td class="number">{number(ending?.measures?.[optimality] ?? last(optimality))}</td>
      <td class="number">{formatNumber(ending?.elapsedMs ?? last('elapsedMs') ?? 0, 3)}</td>
      <td>{calls.map(([name, count]) => `${count} ${name}`).join(', ')}</td>
    </tr>
  )
}

function lastEvaluations(columns: Readonly<Record<string, number[]>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(columns)
      .filter(([name]) => name.startsWith('evaluations.'))
      .map(([name, column]) => [name.slice('evaluations.'.length), column.at(-1) ?? 0]),
  )
}
