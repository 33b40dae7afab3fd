import { checked, choice, flag, InvalidInputError, positive, type RandomStream, within } from '../../base/index.ts'
import { isImprovement } from './outcome.ts'

/** Takes any candidate that is at least as good as the current solution. */
export interface HillClimbing {
  readonly rule: 'hill-climbing'
}

/** Takes every candidate: a random walk over neighbourhoods. */
export interface AlwaysAccept {
  readonly rule: 'always'
}

/**
 * Takes a candidate with probability min(1, exp((f_cur - f_cand) / T)) and cools T after each test, down to `end`.
 *
 * @see Kirkpatrick, Gelatt and Vecchi, Optimization by simulated annealing, Science 220 (1983)
 */
export interface SimulatedAnnealing {
  readonly rule: 'simulated-annealing'
  /** T0, in units of the objective, > 0 and >= `end`. Default 20. */
  readonly start?: number
  /** The lowest temperature, > 0. Default 1. */
  readonly end?: number
  /** What is subtracted (linear, > 0; default 0.1) or multiplied by (exponential, in (0, 1); default 0.99) after a test. */
  readonly step?: number
  /** Default linear. */
  readonly cooling?: 'linear' | 'exponential'
  /** Differences of objectives are taken in hundredths of max(1, |f_best|). Default false, as published. */
  readonly normalize?: boolean
  /** Chooses start and step from the first solution's value instead, see `autofit`. */
  readonly autofit?: Autofit
}

/** How a temperature is fitted. */
export interface Autofit {
  /** A candidate worse by this share of the first solution's value, > 0... */
  readonly worse: number
  /** ... is accepted with this probability at the start, in (0, 1). */
  readonly probability: number
  /** Iterations until the temperature is 1, >= 1. */
  readonly iterations: number
}

export type Acceptance = HillClimbing | AlwaysAccept | SimulatedAnnealing

/** An acceptance rule with everything filled in: plain data. */
export type ResolvedAcceptance =
  | HillClimbing
  | AlwaysAccept
  | {
      readonly rule: 'simulated-annealing'
      readonly start: number
      readonly end: number
      readonly step: number
      readonly cooling: 'linear' | 'exponential'
      readonly normalize: boolean
      readonly autofit: Autofit | null
    }

const annealingSpecs = {
  rule: choice(['simulated-annealing'], 'simulated-annealing', 'acceptance rule'),
  start: positive<number>(20, 'first temperature'),
  end: positive<number>(1, 'last temperature'),
  step: positive<number | undefined>(undefined, 'cooling step'),
  cooling: choice(['linear', 'exponential'], 'linear', 'cooling'),
  normalize: flag(false, 'differences in percent'),
  autofit: {
    type: 'object',
    fallback: undefined,
    label: 'fit to the first solution',
    expected: 'an object { worse, probability, iterations }',
    accepts: (value: unknown): value is Autofit | undefined => typeof value === 'object' && value !== null,
  },
} as const

const autofitSpecs = {
  worse: positive<number>(0.05, 'share by which a candidate is worse'),
  probability: within<number>(0, 1, 0.5, 'probability of accepting it'),
  iterations: positive<number>(100, 'iterations of cooling'),
}

/**
 * Checks an acceptance rule and fills in its defaults.
 *
 * @throws {OptionError} if a number lies outside its interval
 * @throws {InvalidInputError} if T0 < T_end
 */
export function resolveAcceptance(acceptance: Acceptance | Acceptance['rule']): ResolvedAcceptance {
  const given = typeof acceptance === 'string' ? ({ rule: acceptance } as Acceptance) : acceptance
  if (given.rule !== 'simulated-annealing') return { rule: given.rule }
  const options = checked('balans: acceptance', given, annealingSpecs)
  const step = options.step ?? (options.cooling === 'linear' ? 0.1 : 0.99)
  const complain = (argument: string, expected: string, received: number): never => {
    throw new InvalidInputError(`balans: acceptance.${argument} must be ${expected}, got ${received}`, {
      argument: `acceptance.${argument}`,
      expected,
      received: String(received),
    })
  }
  if (options.start < options.end) complain('start', `at least the last temperature ${options.end}`, options.start)
  if (options.cooling === 'exponential' && step >= 1) complain('step', 'in (0, 1) for exponential cooling', step)
  return {
    rule: 'simulated-annealing',
    start: options.start,
    end: options.end,
    step,
    cooling: options.cooling,
    normalize: options.normalize,
    autofit:
      options.autofit === undefined ? null : checked('balans: acceptance.autofit', options.autofit, autofitSpecs),
  }
}

/** The temperature and the step of a run whose first solution has the minimized objective `value`. */
export function firstTemperature(acceptance: ResolvedAcceptance, value: number): { temperature: number; step: number } {
  if (acceptance.rule !== 'simulated-annealing') return { temperature: 0, step: 0 }
  const { start, step, cooling, end, autofit } = acceptance
  if (autofit === null) return { temperature: start, step }
  const fitted = autofittedTemperature(autofit, value, cooling)
  return { temperature: Math.max(end, fitted.temperature), step: fitted.step }
}

/**
 * T0 = -worse |f0| / ln(probability), and the step that brings it to 1 in the given iterations: (T0 - 1) / iterations (linear) or
 * (1 / T0)^(1 / iterations) (exponential).
 */
export function autofittedTemperature(
  { worse, probability, iterations }: Autofit,
  value: number,
  cooling: 'linear' | 'exponential',
): { temperature: number; step: number } {
  const temperature = (-worse * Math.abs(value)) / Math.log(probability)
  const step = cooling === 'linear' ? Math.max(0, temperature - 1) / iterations : (1 / temperature) ** (1 / iterations)
  // Where T0 is below 1 already there is nothing to cool.
  return { temperature, step: cooling === 'exponential' ? Math.min(1, step) : step }
}

/** Values as minimized, and the temperature. */
export interface AcceptanceTest {
  readonly candidate: number
  readonly current: number
  readonly best: number
  readonly temperature: number
}

/** Whether the candidate takes the place of the current solution. Draws a number for simulated annealing only. */
export function accepts(acceptance: ResolvedAcceptance, test: AcceptanceTest, random: RandomStream): boolean {
  const { candidate, current, best, temperature } = test
  switch (acceptance.rule) {
    case 'always':
      return true
    case 'hill-climbing':
      // A loss within rounding counts as equal.
      return !isImprovement(current, candidate)
    case 'simulated-annealing': {
      const unit = acceptance.normalize ? Math.max(1, Math.abs(best)) / 100 : 1
      return Math.exp((current - candidate) / unit / temperature) >= random.uniform()
    }
  }
}

/** The temperature after a test. */
export function cooled(acceptance: ResolvedAcceptance, temperature: number, step: number): number {
  if (acceptance.rule !== 'simulated-annealing') return temperature
  const next = acceptance.cooling === 'linear' ? temperature - step : temperature * step
  return Math.max(acceptance.end, next)
}
