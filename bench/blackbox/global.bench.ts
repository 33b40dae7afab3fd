import {
  cmaEs,
  consensusBasedOptimization,
  differentialEvolution,
  dualAnnealing,
  randomSearch,
} from '../../src/blackbox/index.ts'
import { type Method, run, type SmoothProblem } from '../../src/solver/index.ts'
import { problemOf, shiftedRotated, type TestProblem, testFunction } from '../../src/test-functions/index.ts'
import type { BenchmarkRow } from '../row.ts'
import { type PeerRun, runPeers } from './peers.ts'

const SEEDS = 3
/** Evaluations per variable. */
const EVALUATIONS = 1000

const rotatedOnes = [
  'ackley',
  'rastrigin',
  'griewank',
  'rosenbrock',
  'levy',
  'ellipsoid',
  'zakharov',
  'styblinski-tang',
]
const plainOnes = ['branin', 'goldstein-price', 'hartmann-6', 'shekel-10', 'eggholder', 'schwefel']

interface Case {
  readonly slug: string
  readonly problem: TestProblem
  readonly budget: number
  readonly seed: number
}

/** Eight shifted and rotated functions of ten variables, six classics; a fresh disguise and a random start for each seed. */
function cases(): Case[] {
  const out: Case[] = []
  for (let seed = 1; seed <= SEEDS; seed++) {
    for (const slug of [...rotatedOnes, ...plainOnes]) {
      const f = testFunction(slug)
      const n = slug === 'schwefel' ? 5 : f.dimension
      const problem = rotatedOnes.includes(slug) ? shiftedRotated(f, n, { seed }) : problemOf(f, n)
      out.push({ slug, problem, budget: EVALUATIONS * n, seed })
    }
  }
  return out
}

const solved = (best: number, { problem }: Case): boolean =>
  best - problem.minimum <= 1e-4 * Math.max(1, Math.abs(problem.minimum))

const oursBy = {
  'CMA-ES': cmaEs({ restarts: Number.POSITIVE_INFINITY }),
  'differential evolution': differentialEvolution(),
  'dual annealing': dualAnnealing(),
  'consensus-based optimization': consensusBasedOptimization({ timeStep: 0.1 }),
  'random search': randomSearch(),
} as unknown as Readonly<Record<string, Method<SmoothProblem, never>>>

const peerMethods = ['scipy differential_evolution', 'scipy dual_annealing', 'nlopt CRS2']

/**
 * Successes (within 1e-4 of the minimum) on the global set, at equal budgets of 1000 evaluations per variable: the ratio is ours
 * over the peer's. The times are for the whole set, objective included, in each one's own language.
 */
export function globalSuccesses(): BenchmarkRow[] {
  const all = cases()
  const size = `${all.length} runs`
  const ours = new Map<string, { wins: number; ms: number; by: Map<string, number> }>()
  for (const [name, method] of Object.entries(oursBy)) {
    const by = new Map<string, number>()
    let wins = 0
    const began = performance.now()
    for (const one of all) {
      const { problem, budget, seed, slug } = one
      const result = run(problem, method, {
        seed,
        tolerance: 0,
        maxIterations: Number.POSITIVE_INFINITY,
        maxEvaluations: budget,
        traceEvery: 0,
      })
      if (!solved(result.objective, one)) continue
      wins++
      by.set(slug, (by.get(slug) ?? 0) + 1)
    }
    ours.set(name, { wins, ms: performance.now() - began, by })
  }
  const report = runPeers(
    all.map(({ slug, problem, budget, seed }) => ({
      problem,
      function: slug,
      minimizer: problemOf(testFunction(slug), problem.dimension).minimizer,
      budget,
      seed,
      methods: peerMethods,
    })),
  )
  const peerOf = (method: string): { wins: number; ms: number; by: Map<string, number> } | null => {
    if (report === null) return null
    const by = new Map<string, number>()
    let wins = 0
    let ms = 0
    for (const [k, one] of all.entries()) {
      const result: PeerRun | undefined = report.results[k][method]
      if (result === undefined) return null
      ms += result.ms
      if (!solved(result.best, one)) continue
      wins++
      by.set(one.slug, (by.get(one.slug) ?? 0) + 1)
    }
    return { wins, ms, by }
  }
  const missed = (by: Map<string, number>): string =>
    [...rotatedOnes, ...plainOnes]
      .filter((slug) => (by.get(slug) ?? 0) < SEEDS)
      .map((slug) => `${slug} ${by.get(slug) ?? 0}/${SEEDS}`)
      .join(', ')
  const row = (
    name: string,
    method: string,
    bar?: { text: string; met: (ours: number, peer: number) => boolean },
  ): BenchmarkRow[] => {
    const mine = ours.get(name) as NonNullable<ReturnType<typeof ours.get>>
    const peer = peerOf(method)
    const common = { name: `successes of ${name}`, size, peer: method, oursMs: mine.ms }
    // Without its library there is nothing to compare with.
    if (peer === null) return []
    return [
      {
        ...common,
        peerMs: peer.ms,
        ratio: mine.wins / Math.max(1, peer.wins),
        ...(bar && { bar: bar.text, holds: bar.met(mine.wins, peer.wins) }),
        note: `${mine.wins} against ${peer.wins} successes (ratio of these); ours misses ${missed(mine.by) || 'none'}; the peer ${missed(peer.by) || 'none'}`,
      },
    ]
  }
  const baseline = ours.get('random search') as NonNullable<ReturnType<typeof ours.get>>
  const swarm = ours.get('consensus-based optimization') as NonNullable<ReturnType<typeof ours.get>>
  return [
    ...row('CMA-ES', 'scipy differential_evolution', {
      text: 'successes >= peer',
      met: (mine, peer) => mine >= peer,
    }),
    ...row('CMA-ES', 'nlopt CRS2'),
    ...row('differential evolution', 'scipy differential_evolution'),
    ...row('dual annealing', 'scipy dual_annealing'),
    {
      name: 'successes of consensus-based optimization',
      size,
      peer: 'our random search',
      oursMs: swarm.ms,
      peerMs: baseline.ms,
      ratio: swarm.wins / Math.max(1, baseline.wins),
      note: `${swarm.wins} against ${baseline.wins} successes (ratio of these); misses ${missed(swarm.by)}`,
    },
  ]
}
