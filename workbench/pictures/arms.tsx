import { formatNumber } from '../../src/drawing/format.ts'
import type { ArmRow } from '../stages/scene.ts'

/** What became of a solution, in the order of the counts; and the colours of its part of the bar. */
export const outcomeKinds = [
  { label: 'new best', colour: 'var(--series-2)' },
  { label: 'better', colour: 'var(--series-0)' },
  { label: 'accepted', colour: 'var(--series-7)' },
  { label: 'rejected', colour: 'var(--line-strong)' },
]

/** The neighbourhoods that the bandit chooses from, those first that it chose most. */
export function Arms({ arms }: { arms: readonly ArmRow[] }) {
  if (arms.length === 0) return null
  const most = Math.max(1, ...arms.map(({ pulls }) => pulls))
  return (
    <section class="arms" aria-labelledby="arms-title">
      <h2 id="arms-title">Neighbourhoods</h2>
      <ul class="legend">
        {outcomeKinds.map(({ label, colour }) => (
          <li key={label}>
            <span class="swatch" style={{ background: colour }} />
            {label}
          </li>
        ))}
      </ul>
      <div class="table-scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">arm</th>
              <th scope="col">tries</th>
              <th scope="col" class="number">
                mean reward
              </th>
              <th scope="col" class="number">
                size
              </th>
              <th scope="col" class="number">
                seconds
              </th>
            </tr>
          </thead>
          <tbody>
            {arms.map(({ name, pulls, outcomes, meanReward, size, seconds }) => (
              <tr key={name}>
                <th scope="row">
                  <code>{name}</code>
                </th>
                <td class="arm-tries">
                  <span class="arm-bar" aria-hidden="true">
                    {outcomes.map((count, k) => (
                      <span
                        key={outcomeKinds[k].label}
                        style={{ width: `${(100 * count) / most}%`, background: outcomeKinds[k].colour }}
                      />
                    ))}
                  </span>
                  <span title={outcomeKinds.map(({ label }, k) => `${outcomes[k]} ${label}`).join(', ')}>{pulls}</span>
                </td>
                <td class="number">{formatNumber(meanReward, 3)}</td>
                <td class="number">{formatNumber(size, 2)}</td>
                <td class="number">{formatNumber(seconds, 3)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
