import { useEffect, useState } from 'preact/hooks'
import { formatNumber } from '../../../src/drawing/format.ts'
import type { SolveOutcome } from '../../worker/solve-model-protocol.ts'
import { type ModelController, SHOWN_ROWS } from './model-controller.ts'

const fileNames = { sol: '.sol', csv: 'CSV', json: 'JSON', jsonl: 'run file' } as const

const bounds = { lower: 'lower bound', upper: 'upper bound', both: 'both bounds' } as const

/** How a solve ended, why a model has no solution, and the solution with its names. */
export function Outcome({ controller }: { controller: ModelController }) {
  const outcome = controller.outcome.value
  if (outcome === null) return null
  const { status, message, objective, subsystem } = outcome
  return (
    <section class="tool-result" aria-label="Result">
      <p class={`headline status ${status}`}>
        {status}
        {objective !== null && <span class="headline-value">{formatNumber(objective, 12)}</span>}
      </p>
      <p class="message">{message}</p>
      <Certificate outcome={outcome} />
      {subsystem !== null && <Subsystem subsystem={subsystem} />}
      {objective !== null && <Solution controller={controller} />}
    </section>
  )
}

function Certificate({ outcome }: { outcome: SolveOutcome }) {
  const { objective, bound, gap, nodes, seconds, measures } = outcome
  const entries: [string, string][] = [
    ['objective', objective === null ? 'none' : formatNumber(objective, 12)],
    ['bound', bound === null ? 'none' : formatNumber(bound, 12)],
    ['gap', gap === null ? 'unknown' : formatNumber(gap, 3)],
    ['nodes', nodes.toLocaleString('en')],
    ['seconds', formatNumber(seconds, 3)],
  ]
  if (objective !== null && measures !== null) {
    entries.push(
      ['worst constraint', formatNumber(measures.rowViolation, 3)],
      ['worst bound', formatNumber(measures.boundViolation, 3)],
      ['worst integer', formatNumber(measures.integralityViolation, 3)],
    )
  }
  return (
    <dl class="figures">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Subsystem({ subsystem: { rows, columns } }: { subsystem: NonNullable<SolveOutcome['subsystem']> }) {
  return (
    <div class="subsystem">
      <h2>What contradicts itself</h2>
      <p>Together these cannot hold; without any one of them the rest can.</p>
      <div class="table-scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">constraint or variable</th>
              <th scope="col">which side</th>
            </tr>
          </thead>
          <tbody>
            {[...rows, ...columns].map(({ name, bound }, i) => (
              <tr key={`${i < rows.length ? 'row' : 'column'} ${name}`}>
                <th scope="row">
                  <code>{name}</code>
                </th>
                <td>
                  {i < rows.length ? 'constraint' : 'variable'}, {bounds[bound]}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}

function Solution({ controller }: { controller: ModelController }) {
  const [words, setWords] = useState('')
  const [nonzero, setNonzero] = useState(false)
  useEffect(() => controller.search(words, nonzero), [controller, words, nonzero])
  const found = controller.found.value
  return (
    <div class="solution">
      <h2>Solution</h2>
      <div class="solution-search">
        <label class="field">
          <span>variables whose name contains</span>
          <input type="search" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
        </label>
        <label class="tick">
          <input type="checkbox" checked={nonzero} onChange={(event) => setNonzero(event.currentTarget.checked)} />
          only those that are not zero
        </label>
        <div class="downloads">
          <span class="label">Save</span>
          {(['sol', 'csv', 'json', 'jsonl'] as const).map((kind) => (
            <button key={kind} type="button" class="link" onClick={() => controller.save(kind)}>
              {fileNames[kind]}
            </button>
          ))}
        </div>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section class="table-scroll tall" tabIndex={0} aria-label="Values of the variables">
        <table>
          <thead>
            <tr>
              <th scope="col">variable</th>
              <th scope="col" class="number">
                value
              </th>
              <th scope="col">type</th>
              <th scope="col" class="number">
                lower
              </th>
              <th scope="col" class="number">
                upper
              </th>
            </tr>
          </thead>
          <tbody>
            {found?.rows.map(({ name, value, type, lower, upper }) => (
              <tr key={name}>
                <th scope="row">
                  <code>{name}</code>
                </th>
                <td class="number">{formatNumber(value, 10)}</td>
                <td>{type}</td>
                <td class="number">{bound(lower)}</td>
                <td class="number">{bound(upper)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p class="help" aria-live="polite">
        {found === null
          ? ''
          : found.total > SHOWN_ROWS
            ? `${found.total.toLocaleString('en')} variables, the first ${SHOWN_ROWS} of them shown.`
            : `${found.total} variable${found.total === 1 ? '' : 's'}.`}
      </p>
    </div>
  )
}

function bound(value: number): string {
  return Number.isFinite(value) ? formatNumber(value, 6) : value > 0 ? '∞' : '−∞'
}
