import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import {
  cmaEs,
  consensusBasedOptimization,
  differentialEvolution,
  dualAnnealing,
  nelderMead,
} from '../../src/blackbox/index.ts'
import { type Method, run, type SmoothProblem } from '../../src/solver/index.ts'
import { problemOf, shiftedRotated, testFunction, testProblem } from '../../src/test-functions/index.ts'
import type { BenchmarkRow } from '../row.ts'
import { type PeerJob, runPeers } from './peers.ts'

type AnyMethod = Method<SmoothProblem, never>

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]

function medianRun(problem: SmoothProblem, method: AnyMethod, budget: number, runs = 7): number {
  const times: number[] = []
  for (let k = -2; k < runs; k++) {
    const began = performance.now()
    run(problem, method, {
      seed: 1,
      tolerance: 0,
      maxIterations: Number.POSITIVE_INFINITY,
      maxEvaluations: budget,
      traceEvery: 0,
    })
    if (k >= 0) times.push(performance.now() - began)
  }
  return median(times)
}

/** 100,000 evaluations of Rastrigin in ten variables by each method; the bar is on our time, and bare calls are the peer. */
export function hundredThousandEvaluations(): BenchmarkRow[] {
  const budget = 100_000
  const problem = testProblem('rastrigin', 10)
  const x = problem.start.slice()
  let sink = 0
  const bare: number[] = []
  for (let k = -2; k < 7; k++) {
    const began = performance.now()
    for (let i = 0; i < budget; i++) {
      x[i % 10] = -x[i % 10]
      sink += problem.value(x)
    }
    if (k >= 0) bare.push(performance.now() - began)
  }
  if (!Number.isFinite(sink)) throw new Error('the objective broke down')
  const methods = {
    'consensus-based optimization': consensusBasedOptimization(),
    'differential evolution': differentialEvolution({ dither: 0.9 }),
    'CMA-ES with restarts': cmaEs({ restarts: Number.POSITIVE_INFINITY }),
    'dual annealing': dualAnnealing(),
  } as unknown as Readonly<Record<string, AnyMethod>>
  return Object.entries(methods).map(([name, method]) => {
    const ms = medianRun(problem, method, budget)
    const bar = name.startsWith('consensus') ? { bar: '< 300 ms', holds: ms < 300 } : {}
    return {
      name: `100,000 evaluations, ${name}`,
      size: 'Rastrigin, n = 10',
      peer: 'bare calls of the objective',
      oursMs: ms,
      peerMs: median(bare),
      ratio: median(bare) / ms,
      ...bar,
      note: 'the ratio is the share of the run that the objective takes',
    }
  })
}

/** Rastrigin (rotated, ten variables) with 20,000 evaluations, each library in its own language. */
export function againstSciPy(): BenchmarkRow[] {
  const budget = 20_000
  const problem = shiftedRotated(testFunction('rastrigin'), 10, { seed: 1 })
  const pairs: [string, AnyMethod, string][] = [
    ['differential evolution', differentialEvolution() as unknown as AnyMethod, 'scipy differential_evolution'],
    ['dual annealing', dualAnnealing() as unknown as AnyMethod, 'scipy dual_annealing'],
    ['CMA-ES', cmaEs({ restarts: Number.POSITIVE_INFINITY }) as unknown as AnyMethod, 'nlopt CRS2'],
  ]
  const job = (seed: number): PeerJob => ({
    problem,
    function: 'rastrigin',
    minimizer: problemOf(testFunction('rastrigin'), 10).minimizer,
    budget,
    seed,
    methods: pairs.map(([, , method]) => method),
  })
  const report = runPeers([1, 2, 3, 4, 5].map(job))
  if (report === null) return []
  return pairs.flatMap(([name, method, peer]) => {
    const runs = report.results.map((byMethod) => byMethod[peer])
    if (runs.some((one) => one === undefined)) return []
    const peerMs = median(runs.map(({ ms, evaluations }) => (ms * budget) / evaluations))
    const oursMs = medianRun(problem, method, budget, 5)
    return [
      {
        name: `20,000 evaluations, ${name}`,
        size: 'rotated Rastrigin, n = 10',
        peer,
        oursMs,
        peerMs,
        ratio: peerMs / oursMs,
        note: `the peer's objective is NumPy; its time is scaled to ${budget} evaluations`,
      },
    ]
  })
}

/** A published JavaScript implementation, where it is installed (see THALWEG_PEERS). */
interface Fmin {
  nelderMead(
    f: (x: number[]) => number,
    start: number[],
    options: { minErrorDelta: number; minTolerance: number; maxIterations: number },
  ): { x: number[]; fx: number }
}

const locals = ['rosenbrock', 'beale', 'powell-singular', 'colville', 'himmelblau', 'zakharov']

/** Nelder-Mead on six classics to 1e-8: evaluations and successes against SciPy and NLopt, time against npm fmin. */
export async function nelderMeadAgainstOthers(): Promise<BenchmarkRow[]> {
  const rows: BenchmarkRow[] = []
  const problems = locals.map((slug) => testProblem(slug, ['rosenbrock', 'zakharov'].includes(slug) ? 4 : undefined))
  const method = nelderMead() as unknown as AnyMethod
  const ours = [...problems, ...problems].map((problem) => {
    const began = performance.now()
    const result = run(problem, method, { tolerance: 1e-8, maxIterations: 20_000, maxEvaluations: 5000 })
    return { best: result.objective, evaluations: result.evaluations.value, ms: performance.now() - began }
  })
  // The first half was warming up.
  ours.splice(0, problems.length)
  const wins = (runs: readonly { best: number }[]): number =>
    runs.filter(({ best }, k) => best - problems[k].minimum < 1e-8).length
  const total = (runs: readonly { evaluations: number }[]): number =>
    runs.reduce((sum, one) => sum + one.evaluations, 0)
  const methods = ['scipy Nelder-Mead', 'nlopt Nelder-Mead', 'nlopt Subplex']
  const report = runPeers(
    locals.map((slug, k) => ({
      problem: problems[k],
      function: slug,
      minimizer: problems[k].minimizer,
      budget: 5000,
      seed: 1,
      methods,
      target: 1e-8,
    })),
  )
  for (const peer of report === null ? [] : methods) {
    const theirs = report?.results.map((byMethod) => byMethod[peer]) ?? []
    if (theirs.some((one) => one === undefined)) continue
    rows.push({
      name: 'Nelder-Mead, evaluations on six classics',
      size: `${locals.length} functions`,
      peer,
      oursMs: ours.reduce((sum, { ms }) => sum + ms, 0),
      peerMs: theirs.reduce((sum, { ms }) => sum + ms, 0),
      ratio: total(theirs) / total(ours),
      note: `evaluations ${total(ours)} against ${total(theirs)} (the ratio), within 1e-8 of the minimum ${wins(ours)} against ${wins(theirs)}`,
    })
  }
  const folder = process.env.THALWEG_PEERS
  if (folder === undefined) return rows
  const f = testFunction('rosenbrock').value
  const problem = testProblem('rosenbrock', 4)
  const theirValue = (x: number[]): number => f(x as unknown as Float64Array)
  const begin = [...problem.start]
  let fmin: Fmin
  try {
    // Its build is a script, not in strict mode, that leaves a global behind.
    const sandbox: { fmin?: Fmin } = {}
    runInNewContext(readFileSync(`${folder}/node_modules/fmin/build/fmin.js`, 'utf8'), sandbox)
    fmin = sandbox.fmin as Fmin
    // Version 0.0.4 throws a ReferenceError at the first shrink; 0.0.2 works.
    fmin.nelderMead(theirValue, begin, { minErrorDelta: 1e-16, minTolerance: 1e-8, maxIterations: 20_000 })
  } catch {
    return rows
  }
  const times: [number[], number[]] = [[], []]
  let best = { ours: 0, theirs: 0 }
  for (let k = -5; k < 15; k++) {
    let began = performance.now()
    const mine = run(problem, method, { tolerance: 1e-8, maxIterations: 20_000, traceEvery: 0 })
    if (k >= 0) times[0].push(performance.now() - began)
    began = performance.now()
    const theirs = fmin.nelderMead(theirValue, begin, {
      minErrorDelta: 1e-16,
      minTolerance: 1e-8,
      maxIterations: 20_000,
    })
    if (k >= 0) times[1].push(performance.now() - began)
    best = { ours: mine.objective, theirs: theirs.fx }
  }
  rows.push({
    name: 'Nelder-Mead, time to a simplex of 1e-8',
    size: 'Rosenbrock, n = 4',
    peer: 'npm fmin',
    oursMs: median(times[0]),
    peerMs: median(times[1]),
    ratio: median(times[1]) / median(times[0]),
    note: `final values ${best.ours.toExponential(1)} and ${best.theirs.toExponential(1)}`,
  })
  return rows
}
