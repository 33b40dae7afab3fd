import { tmpdir } from 'node:os'
import type { BenchmarkRow } from '../row.ts'
import { type CellResult, readResults, runCell, type Score, scoresOf } from './competition.ts'

/** What `node bench/mip/competition.mjs` has measured; it takes hours, so the benchmarks read it. */
const MEASURED = '.tmp/competition.jsonl'

const percent = (value: number): string => `${(100 * value).toFixed(2)} %`

/** Two budgets in seconds are no times to compare; what is compared is how good the solutions were over them. */
function row(name: string, size: string, ours: Score, peer: Score, bar: boolean): BenchmarkRow {
  return {
    name,
    size,
    peer: peer.method === 'highs' ? 'HiGHS alone' : peer.method,
    oursMs: Number.NaN,
    peerMs: Number.NaN,
    ratio: peer.integral / ours.integral,
    ...(bar && {
      bar: 'smaller mean primal integral and final gap',
      holds: ours.integral < peer.integral && ours.gap < peer.gap,
    }),
    note: `mean primal integral ${percent(ours.integral)} against ${percent(peer.integral)} (ratio of these), mean final gap ${percent(ours.gap)} against ${percent(peer.gap)}, over ${ours.runs} and ${peer.runs} runs`,
  }
}

/**
 * Balans against HiGHS at equal wall time and on one thread each: all that the competition has measured; if it has not run, two
 * generated instances for 6 s each.
 */
export async function balansAgainstHighs(): Promise<BenchmarkRow[]> {
  const measured = readResults(MEASURED)
  const results: CellResult[] = measured
  if (results.length === 0) {
    for (const instance of ['MIS', 'GISP']) {
      for (const method of ['highs', 'balans']) {
        results.push(await runCell({ instance, method, seed: 11, seconds: 6 }, tmpdir()))
      }
    }
  }
  const budgets = [...new Set(results.map(({ seconds }) => seconds))].sort((a, b) => a - b)
  return budgets.flatMap((seconds) => {
    const size = `${new Set(results.map(({ instance }) => instance)).size} instances, ${seconds} s`
    const scores = scoresOf(results, seconds)
    const ours = scores.find(({ method }) => method === 'balans')
    if (ours === undefined) return []
    return scores
      .filter(({ method }) => method !== 'balans')
      .map((peer) => row('Balans', size, ours, peer, peer.method === 'highs' || peer.method.startsWith('only ')))
  })
}
