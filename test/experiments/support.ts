import { expect } from 'vitest'
import type { Chart, Claim, Experiment, Table } from '../../experiments/experiment.ts'
import { loadExperiment } from '../../experiments/index.ts'

/** Everything that a run of an experiment reports. */
export interface Found {
  readonly claims: readonly Claim[]
  readonly charts: readonly Chart[]
  readonly tables: readonly Table[]
  readonly fractions: readonly number[]
}

/** Runs an experiment with its defaults but for some parameters, and keeps what it reports. */
export async function reproduce(
  { run, parameters }: Experiment,
  given: Readonly<Record<string, unknown>>,
  seed: number,
  signal = new AbortController().signal,
): Promise<Found> {
  const charts: Chart[] = []
  const tables: Table[] = []
  const fractions: number[] = []
  const defaults = Object.fromEntries(Object.entries(parameters).map(([name, spec]) => [name, spec.fallback]))
  const claims = await run(
    { ...defaults, ...given },
    {
      progress: (fraction) => fractions.push(fraction),
      chart: (chart) => charts.push(chart),
      table: (table) => tables.push(table),
      signal,
    },
    seed,
  )
  return { claims, charts, tables, fractions }
}

/** That an experiment is found by its slug, and that its specs accept its defaults and its quick values. */
export async function expectLoadable(slug: string, experiment: Experiment): Promise<void> {
  expect(await loadExperiment(slug)).toBe(experiment)
  for (const [name, spec] of Object.entries(experiment.parameters)) {
    expect(spec.accepts(spec.fallback), name).toBe(true)
    const quick = (experiment.quick as Record<string, unknown>)[name]
    if (quick !== undefined) expect(spec.accepts(quick), `quick ${name}`).toBe(true)
  }
}
