import { formatNumber } from '../../../src/drawing/format.ts'
import type { ModelController } from './model-controller.ts'
import { gapOf, incumbentsOf } from './moments.ts'

/** Rows of the log that are shown. */
const SHOWN = 40

/** Every new incumbent, the newest first. */
export function SearchLog({ controller }: { controller: ModelController }) {
  const incumbents = incumbentsOf(controller.moments.value)
  if (incumbents.length === 0) return null
  const number = (value: number | null, digits: number): string => (value === null ? '' : formatNumber(value, digits))
  return (
    <details>
      <summary>
        {incumbents.length} improving solution{incumbents.length === 1 ? '' : 's'}
      </summary>
      <div class="table-scroll">
        <table>
          <thead>
            <tr>
              {['seconds', 'nodes', 'objective', 'bound', 'gap'].map((name) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {incumbents.slice(0, SHOWN).map((moment) => (
              <tr key={moment.objective}>
                <td class="number">{moment.seconds.toFixed(2)}</td>
                <td class="number">{moment.nodes.toLocaleString('en')}</td>
                <td class="number">{number(moment.objective, 10)}</td>
                <td class="number">{number(moment.bound, 10)}</td>
                <td class="number">{number(gapOf(moment), 3)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}
