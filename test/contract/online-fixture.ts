import { type OnlineProblem, onlineProblem, quadraticStream, simplexSet } from '../../src/online/index.ts'
import type { Fixture } from './fixtures.ts'

/** Sixty rounds of noisy quadratics in three variables, with everything known that any method asks for. */
function easyStream(): OnlineProblem {
  return quadraticStream({ dimension: 3, rounds: 60, noise: 0.2, blocks: 3, seed: 4 })
}

const flat = { value: () => 0, gradient: () => undefined }

export const onlineFixture: Fixture = {
  problemClass: 'online-convex',
  problem: easyStream,
  breakingAfter(calls, value) {
    const problem = easyStream()
    let count = 0
    return {
      ...problem,
      value: (round: number, x: Float64Array) => (++count > calls ? value : problem.value(round, x)),
    } as OnlineProblem
  },
  finite: (x) => (x as Float64Array).every(Number.isFinite),
  refused: [
    {
      what: 'no set',
      attempt: () => onlineProblem({ set: undefined as never, rounds: 2, ...flat }),
      message: /set must be a decision set/,
    },
    {
      what: 'no rounds',
      attempt: () => onlineProblem({ set: simplexSet(2), rounds: 0, ...flat }),
      message: /rounds must be an integer >= 1 or Infinity, got 0/,
    },
    {
      what: 'no gradient',
      attempt: () => onlineProblem({ set: simplexSet(2), rounds: 2, value: () => 0, gradient: undefined as never }),
      message: /gradient must be a function/,
    },
    {
      what: 'G = 0',
      attempt: () => onlineProblem({ set: simplexSet(2), rounds: 2, ...flat, constants: { gradientBound: 0 } }),
      message: /gradientBound must be a finite number > 0, got 0/,
    },
    {
      what: 'a misspelt constant',
      attempt: () => onlineProblem({ set: simplexSet(2), rounds: 2, ...flat, constants: { smoothnes: 1 } as never }),
      message: /did you mean 'smoothness'/,
    },
    {
      what: 'a comparator outside the set',
      attempt: () => onlineProblem({ set: simplexSet(2), rounds: 2, ...flat, comparator: [1, 1] }),
      message: /comparator lies outside the simplex by 1/,
    },
    { what: 'empty start', attempt: easyStream, start: [], message: /start has length 0.*dimension 3/ },
    { what: 'NaN in start', attempt: easyStream, start: [0, NaN, 0], message: /start\[1\].*finite.*NaN/ },
    {
      what: 'start outside the set',
      attempt: easyStream,
      start: [0.5, 0.5, 0],
      message: /start lies outside the ball/,
    },
    { what: 'start that is no array', attempt: easyStream, start: 7, message: /start must be an array/ },
  ],
}
