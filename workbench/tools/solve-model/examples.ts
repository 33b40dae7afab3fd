/** A model to begin with: what to grow on a farm. */
export const farm = `\\ A farm: what to grow on 60 hectares, with 120 days of work.
maximize
  profit: 420 wheat + 610 beets + 900 hops - 2500 kiln
subject to
  land:  wheat + beets + hops <= 60
  work:  1.2 wheat + 2.5 beets + 4 hops <= 120
  dry:   hops - 18 kiln <= 0
  stalls: 0.3 beets + 0.5 hops <= 14
bounds
  beets <= 35
general
  wheat beets hops
binary
  kiln
end
`

/** Constraints that contradict each other: the smallest set of them is found. */
export const contradiction = `\\ A team that cannot be staffed.
minimize
  cost: 3 senior + 2 junior + trainee
subject to
  enough:  senior + junior + trainee >= 12
  budget:  3 senior + 2 junior + trainee <= 14
  lead:    senior >= 2
  mentors: trainee - 2 senior <= 0
bounds
  junior <= 6
general
  senior junior trainee
end
`

/**
 * A knapsack with several limits, the same every time: small to read, and enough work that the search can be watched.
 *
 * @param items how many there are to choose from
 * @param limits how many resources each of them takes
 */
export function knapsack(items: number, limits: number): string {
  // Weights from a fixed sequence of remainders: a model is text, and no draw of the library is meant here.
  let state = 12345
  const next = (): number => {
    state = (state * 48271) % 2147483647
    return state
  }
  const weights = Array.from({ length: limits }, () => Array.from({ length: items }, () => 100 + (next() % 900)))
  const sum = (terms: readonly number[]): string => terms.map((value, j) => `${value} item${j + 1}`).join(' + ')
  const profits = Array.from(
    { length: items },
    (_, j) => Math.round(weights.reduce((total, row) => total + row[j], 0) / limits) + (next() % 120),
  )
  const lines = weights.map(
    (row, i) => `  limit${i + 1}: ${sum(row)} <= ${Math.floor(row.reduce((total, value) => total + value, 0) / 2)}`,
  )
  const names = Array.from({ length: items }, (_, j) => `item${j + 1}`).join(' ')
  return wrapped(
    `\\ ${items} items, ${limits} limits: take the best ones.\nmaximize\n  profit: ${sum(profits)}\nsubject to\n${lines.join('\n')}\nbinary\n  ${names}\nend\n`,
  )
}

/** LP lines may break anywhere between words. */
function wrapped(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/(.{60,88}?) (?=\S)/g, '$1\n    '))
    .join('\n')
}
