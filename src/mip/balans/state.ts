import type { Outcome } from './outcome.ts'

/** What one neighbourhood came to, as recorded in the state. */
export interface TrialRecord {
  /** Index into the state's arms. */
  readonly arm: number
  /** How the solve ended, e.g. `optimal`, `time-limit`; `nothing` where there was nothing to free. */
  readonly status: string
  readonly outcome: Outcome
  /** What the bandit was told. */
  readonly reward: number
  /** Objective of the candidate, as minimized; null where no solution was found. */
  readonly candidate: number | null
  readonly nodes: number
  readonly seconds: number
  /** The size of the neighbourhood. */
  readonly size: number
}

/** What became of an arm so far. */
export interface ArmSummary {
  readonly name: string
  readonly pulls: number
  /** How often each outcome came. */
  readonly outcomes: Readonly<Record<Outcome, number>>
  readonly meanReward: number
  readonly seconds: number
  readonly nodes: number
  /** The size now. */
  readonly size: number
}

/** The state of Balans: plain data. Values are as minimized. */
export interface BalansState {
  /** `first` until there is a solution. */
  phase: 'first' | 'search'
  /** Names of the arms that can act; empty in the first phase. */
  arms: string[]
  /** What the bandit has learned. */
  bandit: unknown
  /** The size of each arm now. */
  sizes: Float64Array
  /** Counts of outcomes [arms, 4], in the order of `outcomes`. */
  counts: Float64Array
  /** Sums over each arm's solves. */
  rewards: Float64Array
  seconds: Float64Array
  nodes: Float64Array
  /** A solution of the linear relaxation; null if it is not known. */
  relaxation: Float64Array | null
  current: Float64Array | null
  currentValue: number
  best: Float64Array | null
  bestValue: number
  /** Proven lower bound on the optimum. */
  bound: number
  /** Solutions found on the way, the latest first. */
  others: Float64Array[]
  temperature: number
  coolingStep: number
  /** Limit of the next solves, in seconds or nodes, and that of the whole program, where limits adapt. */
  limit: number
  smallestLimit: number
  wholeLimit: number
  /** Trials since the last improvement. */
  fruitless: number
  /** Gain per cost of late. */
  pace: number
  /** The trials of the last iteration. */
  trials: TrialRecord[]
  /** Failures of the engine in a row. */
  failures: number
  /** Whether the engine has solved the whole program on the way. */
  finished: boolean
  /** n, for the solution before there is one. */
  dimension: number
  /** 1 to minimize, -1 to maximize. */
  sign: number
}
