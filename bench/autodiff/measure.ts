/** Median milliseconds of one call over `runs` timed runs of `calls` calls each, after warming up. */
export function medianMs(call: () => void, runs: number, calls = 1): number {
  const times: number[] = []
  for (let run = -runs; run < runs; run++) {
    const start = performance.now()
    for (let k = 0; k < calls; k++) call()
    if (run >= 0) times.push((performance.now() - start) / calls)
  }
  return median(times)
}

/** Medians of two calls, run alternately, so that both meet the same disturbances. */
export function pairMs(ours: () => void, peer: () => void, runs: number, calls = 1): [ours: number, peer: number] {
  const times: [number[], number[]] = [[], []]
  for (let run = -runs; run < runs; run++) {
    ;[ours, peer].forEach((call, which) => {
      const start = performance.now()
      for (let k = 0; k < calls; k++) call()
      if (run >= 0) times[which].push((performance.now() - start) / calls)
    })
  }
  return [median(times[0]), median(times[1])]
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}
