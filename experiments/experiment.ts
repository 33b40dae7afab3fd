import type { OptionSpec } from '../src/base/index.ts'
import type { Chart, Table } from '../src/drawing/index.ts'

export type { Chart, ChartAxis, ChartSeries, Table } from '../src/drawing/index.ts'

/** One statement of a paper, held against what is measured here. A claim that fails is reported, never deleted. */
export interface Claim {
  /** Stable within the experiment, e.g. `log-sum-exp-exact-iterations`. */
  readonly id: string
  /** The claim in one plain sentence. */
  readonly statement: string
  /** What the paper (or its specification) reports, in words or as a number. */
  readonly paper: string | number
  /** What came out here. */
  readonly measured: string | number
  /** When the claim counts as holding, e.g. `<= 30 iterations`. */
  readonly threshold: string
  readonly holds: boolean
  /** For a claim that does not hold: the best explanation. */
  readonly note?: string
}

/** Where an experiment sends what it finds while it runs. */
export interface Report {
  /** Part done in [0, 1], and what is being done. */
  progress(fraction: number, doing: string): void
  chart(chart: Chart): void
  table(table: Table): void
  /** Fires when the run should end early; an experiment checks it between parts. */
  readonly signal: AbortSignal
}

/** The parameters of an experiment: one spec each, from which command-line flags and sliders are made. */
export type ParameterSpecs = Readonly<Record<string, OptionSpec<unknown>>>

/** Parameter values by name. */
export type ParameterValues<S extends ParameterSpecs> = {
  readonly [K in keyof S]: S[K] extends OptionSpec<infer T> ? T : never
}

/** The experiment of one paper: re-runs its claims at laptop scale. */
export interface Experiment<S extends ParameterSpecs = ParameterSpecs> {
  /** The paper's slug, see `papers.ts`. */
  readonly slug: string
  readonly parameters: S
  /** Parameter values for a run of a few seconds. */
  readonly quick: Partial<ParameterValues<S>>
  /** Runs everything with the given seed; deterministic but for times. */
  run(parameters: ParameterValues<S>, report: Report, seed: number): Promise<readonly Claim[]>
}

/** Keeps the parameter types of an experiment together. */
export function defineExperiment<const S extends ParameterSpecs>(experiment: Experiment<S>): Experiment {
  return experiment as unknown as Experiment
}
