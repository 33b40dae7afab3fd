import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { type Method, type Result, run } from '../../src/solver/index.ts'
import {
  type Potentials,
  sinkhorn,
  sinkhornEpsilonScaling,
  sinkhornLog,
  sinkhornNewtonSparse,
  sinkhornOverrelaxed,
  type TransportProblem,
  type TransportResult,
  transport,
  transportProblem,
} from '../../src/transport/index.ts'
import type { BenchmarkRow } from '../row.ts'

/** One measurement as `peers.py` reads it. */
interface PeerJob {
  readonly kind: 'clouds' | 'random'
  readonly n: number
  readonly m: number
  readonly seed: number
  /** `numpy`, `emd`, or a method of `ot.sinkhorn`. */
  readonly peer: string
  readonly epsilon?: number
  readonly tolerance?: number
  readonly runs: number
}

interface PeerRun {
  readonly cost: number
  readonly error: number
  readonly checksum: number
  readonly version: string
}

/** A Python process that answers requests, on one thread. */
interface PeerProcess {
  /** The next answer, or undefined once the process has ended. */
  ask(request: object): Promise<unknown>
  end(): void
}

/** Starts `peers.py`; null where there is no Python with NumPy. */
async function startPeers(): Promise<PeerProcess | null> {
  for (const python of ['/usr/bin/python3', 'python3']) {
    const child = spawn(python, ['bench/transport/peers.py'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1' },
    })
    let ended = false
    child.on('error', () => {
      ended = true
    })
    child.stdin.on('error', () => {
      ended = true
    })
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const ask = async (request: object): Promise<unknown> => {
      if (ended) return undefined
      child.stdin.write(`${JSON.stringify(request)}\n`)
      const { value, done } = await lines.next()
      return done ? undefined : JSON.parse(value as string)
    }
    const first = await ask({ kind: 'clouds', n: 2, m: 2, seed: 1, peer: 'numpy', epsilon: 1, tolerance: 1e-9 })
    if (first !== undefined) return { ask, end: () => child.stdin.end() }
  }
  return null
}

function mulberry32(seed: number): () => number {
  let a = seed | 0
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** The cost matrix of a job, scaled to largest entry 1: the same bits as in Python. */
function costOf({ kind, n, m, seed }: PeerJob): Float64Array {
  const draw = mulberry32(seed)
  const cost = new Float64Array(n * m)
  if (kind === 'random') for (let k = 0; k < n * m; k++) cost[k] = draw()
  else {
    const points = Float64Array.from({ length: 2 * (n + m) }, draw)
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < m; j++) {
        const at = 2 * (n + j)
        cost[i * m + j] = (points[2 * i] - points[at]) ** 2 + (points[2 * i + 1] - points[at + 1]) ** 2
      }
    }
  }
  let largest = 0
  for (const c of cost) if (c > largest) largest = c
  return cost.map((c) => c / largest)
}

function middle(times: number[]): number {
  return times.sort((p, q) => p - q)[times.length >> 1]
}

function warmUp(solve: () => unknown, warmMs = 400): void {
  const warm = performance.now() + warmMs
  do solve()
  while (performance.now() < warm)
}

function median(solve: () => unknown, runs: number): number {
  warmUp(solve)
  return middle(
    Array.from({ length: runs }, () => {
      const began = performance.now()
      solve()
      return performance.now() - began
    }),
  )
}

const uniform = (n: number): Float64Array => new Float64Array(n).fill(1 / n)

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(`transport benchmark: ${what}`)
}

/**
 * Regularized and exact transport against POT and plain NumPy, from the matrix of costs to the certified result, at equal
 * marginal error; and small regularization among our own methods.
 */
export async function transportBenchmarks(): Promise<BenchmarkRow[]> {
  const sizes = [500, 1000]
  const epsilon = 0.05
  const tolerance = 1e-9
  const clouds = (n: number, peer: string, runs: number): PeerJob => ({
    kind: 'clouds',
    n,
    m: n,
    seed: n,
    peer,
    epsilon,
    tolerance,
    runs,
  })
  const jobs: PeerJob[] = [
    ...sizes.flatMap((n) => [
      clouds(n, 'sinkhorn', 10),
      clouds(n, 'numpy', 10),
      clouds(n, 'numpy', 10),
      clouds(n, 'sinkhorn_log', 4),
      clouds(n, 'sinkhorn_log', 4),
    ]),
    { kind: 'clouds', n: 1000, m: 1000, seed: 1000, peer: 'emd', runs: 7 },
    { kind: 'random', n: 1000, m: 1000, seed: 1, peer: 'emd', runs: 7 },
  ]
  const peers = await startPeers()
  const rows: BenchmarkRow[] = []

  for (const [k, job] of jobs.entries()) {
    const cost = costOf(job)
    const { n } = job
    const exact = job.peer === 'emd'
    const logDomain = job.peer === 'sinkhorn_log'
    // The second job of a kind is solved the other way: with over-relaxation in the log domain, without it on a kernel.
    const second = jobs.findIndex((other) => other.n === n && other.peer === job.peer) < k
    const relaxed = logDomain && second
    const plain = job.peer === 'numpy' && second
    const method = relaxed
      ? sinkhornOverrelaxed({ domain: 'log' })
      : logDomain
        ? 'sinkhorn-log'
        : plain
          ? 'sinkhorn'
          : 'auto'
    const solve = (): TransportResult =>
      exact
        ? transport(uniform(n), uniform(n), cost, { exact: true })
        : transport(uniform(n), uniform(n), cost, { regularization: epsilon, tolerance, method })
    let result = solve()
    warmUp(solve)
    check(result.converged, `${job.kind} ${n} did not converge`)
    const peer = ((await peers?.ask(job)) ?? null) as PeerRun | null
    if (peer === null) continue
    // In turns, so that what else the machine does weighs on both sides alike.
    const ours: number[] = []
    const theirs: number[] = []
    for (let round = 0; round < job.runs; round++) {
      theirs.push(...(((await peers?.ask({ time: 2 })) ?? []) as number[]))
      for (let run = 0; run < 2; run++) {
        const began = performance.now()
        result = solve()
        ours.push(performance.now() - began)
      }
    }
    const oursMs = middle(ours)
    const peerMs = middle(theirs)
    const sum = cost.reduce((total, c) => total + c, 0)
    check(Math.abs(sum - peer.checksum) < 1e-6 * sum, 'the two sides solve different problems')
    // Peers stop at a marginal error of 1e-9 or below: their costs and ours agree to about that.
    const allowed = exact ? 1e-9 * Math.abs(peer.cost) + 1e-12 : 2e-9
    check(Math.abs(result.cost - peer.cost) < allowed, `costs ${result.cost} and ${peer.cost}`)
    check(peer.error < 2 * tolerance + 1e-12, `the peer's marginal error is ${peer.error}`)
    const ratio = peerMs / oursMs
    const smallest = exact ? 0.5 : job.peer === 'numpy' ? 1 / 1.2 : logDomain ? 3 : 1
    rows.push({
      name: exact
        ? `exact transport, ${job.kind}`
        : logDomain
          ? `log domain${relaxed ? ', relaxed' : ''}, clouds`
          : `Sinkhorn${plain ? ' without relaxation' : ''}, clouds`,
      size: `n = m = ${n}`,
      peer:
        job.peer === 'numpy' ? `a plain loop (${peer.version})` : `ot.${exact ? 'emd' : job.peer} (${peer.version})`,
      oursMs,
      peerMs,
      ratio,
      // The bar is for the method that is chosen by default; the same iterations as the loop are there for comparison.
      ...(!plain && { bar: `>= ${Number(smallest.toPrecision(3))}`, holds: ratio >= smallest }),
      note: exact
        ? `costs equal to ${(Math.abs(result.cost - peer.cost) / peer.cost).toExponential(1)} relative`
        : `${result.method}: ${result.iterations} iterations to marginal error ${result.marginalError.toExponential(1)}; peer ${peer.error.toExponential(1)}`,
    })
  }
  peers?.end()
  return [...rows, ...smallRegularization()]
}

/** Random costs, n = 500, eta = 1200: sparse Newton steps against the fastest of our own Sinkhorn iterations. */
function smallRegularization(): BenchmarkRow[] {
  const n = 500
  const cost = costOf({ kind: 'random', n, m: n, seed: 1, peer: '', runs: 0 })
  const problem = transportProblem({ a: uniform(n), b: uniform(n), cost, regularization: 1 / 1200 })
  const solve = (method: Method<TransportProblem>, maxIterations: number): Result<Potentials> =>
    run(problem, method, { maxIterations, traceEvery: 0 })
  let newton = solve(sinkhornNewtonSparse(), 200)
  const oursMs = median(() => {
    newton = solve(sinkhornNewtonSparse(), 200)
  }, 9)
  check(newton.converged, newton.message)
  const rivals: [string, Method<TransportProblem>, number][] = [
    ['sinkhorn', sinkhorn(), 20_000],
    ['sinkhorn-overrelaxed', sinkhornOverrelaxed(), 10_000],
    ['sinkhorn-epsilon-scaling', sinkhornEpsilonScaling(), 2000],
    ['sinkhorn-log', sinkhornLog(), 1000],
  ]
  return rivals.map(([name, method, most]) => {
    const result = solve(method, most)
    const reached = result.converged
      ? 'converged'
      : `marginal error ${result.certificate?.measures.marginalError.toExponential(1)} when stopped`
    const ratio = result.elapsedMs / oursMs
    return {
      name: 'Sinkhorn-Newton-Sparse, random costs, eta = 1200',
      size: `n = m = ${n}`,
      peer: `our ${name}`,
      oursMs,
      peerMs: result.elapsedMs,
      ratio,
      bar: '>= 10',
      holds: ratio >= 10,
      note: `${newton.iterations} iterations to 1e-9; ${name}: ${reached} after ${result.iterations}${result.converged ? '' : ', so that the ratio is a lower bound'}`,
    }
  })
}
