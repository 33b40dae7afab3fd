import { execFileSync } from 'node:child_process'
import { RandomStream } from '../../src/base/index.ts'
import { lbfgs, lbfgsb, logisticRegression, newton, rosenbrock, testProblems } from '../../src/smooth/index.ts'
import { type Method, type Result, run, type SmoothProblem, smoothProblem } from '../../src/solver/index.ts'
import type { BenchmarkRow } from '../row.ts'

/** What a Python process reports of its own measurement: median of warm runs, and the accuracy reached. */
interface PeerReport {
  readonly ms: number
  readonly gradientNorm: number
  readonly iterations: number
  /** The objective reached, where it matters which minimum that is. */
  readonly value?: number
}

function pythonOnce(code: string, threads: string | undefined): PeerReport | null {
  for (const command of ['python3', '/usr/bin/python3']) {
    try {
      const env = { ...process.env, ...(threads !== undefined && { OPENBLAS_NUM_THREADS: threads }) }
      return JSON.parse(execFileSync(command, ['-c', code], { encoding: 'utf8', env, stdio: 'pipe' })) as PeerReport
    } catch {
      // This Python, NumPy or SciPy is missing; perhaps the other one is complete.
    }
  }
  return null
}

/**
 * Runs Python code that prints one JSON object, with one BLAS thread and with as many as it likes; the faster counts (threads
 * that wait for one another can be slower than one). Null where Python, NumPy or SciPy is missing.
 */
function python(code: string): PeerReport | null {
  const one = pythonOnce(code, '1')
  const many = one === null ? null : pythonOnce(code, undefined)
  return one === null || many === null || one.ms <= many.ms ? one : many
}

function medianRun(
  problem: SmoothProblem,
  method: unknown,
  tolerance: number,
  runs: number,
): [number, Result<Float64Array>] {
  const solve = (): Result<Float64Array> =>
    // SciPy keeps no trace either.
    run(problem, method as Method<SmoothProblem, never>, { tolerance, maxIterations: 5000, traceEvery: 0 })
  let result = solve()
  // The engine compiles a loop well only after some thousand passes.
  const warm = performance.now() + 500
  while (performance.now() < warm) result = solve()
  const times: number[] = []
  for (let k = 0; k < runs; k++) {
    const start = performance.now()
    result = solve()
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  if (result.status !== 'converged') throw new Error(`the benchmark did not converge: ${result.message}`)
  return [times[times.length >> 1], result]
}

function row(
  name: string,
  size: string,
  peer: string,
  [oursMs, result]: [number, Result<Float64Array>],
  report: PeerReport,
  smallest?: number,
): BenchmarkRow {
  const ratio = report.ms / oursMs
  const norm = result.certificate?.measures.gradientNorm ?? NaN
  return {
    name,
    size,
    peer,
    oursMs,
    peerMs: report.ms,
    ratio,
    ...(smallest !== undefined && { bar: `>= ${Number(smallest.toPrecision(3))}`, holds: ratio >= smallest }),
    note: `gradient norm ${norm.toExponential(1)} after ${result.iterations} iterations; peer ${report.gradientNorm.toExponential(1)} after ${report.iterations}`,
  }
}

const timed = `
def median_ms(solve, runs):
    for _ in range(3): solve()
    times = []
    for _ in range(runs):
        start = time.perf_counter(); out = solve(); times.append((time.perf_counter() - start) * 1e3)
    return sorted(times)[len(times) // 2], out
`

/** The whole solve of Rosenbrock's function by L-BFGS, against SciPy's with a vectorized gradient. */
export async function lbfgsBenchmarks(): Promise<BenchmarkRow[]> {
  const rows: BenchmarkRow[] = []
  const variants: [string, SmoothProblem, string, string][] = [
    [
      'extended Rosenbrock',
      rosenbrock(100),
      'np.tile([-1.2, 1.0], n // 2)',
      `
def f(x):
    a, b = x[0::2], x[1::2]
    c = b - a * a; d = 1 - a
    g = np.empty(n); g[0::2] = -400 * a * c - 2 * d; g[1::2] = 200 * c
    return 100 * (c @ c) + d @ d, g`,
    ],
    [
      'chained Rosenbrock',
      testProblems.chainedRosenbrock(100),
      'np.zeros(n)',
      `
def f(x):
    a, b = x[:-1], x[1:]
    c = b - a * a; d = 1 - a
    g = np.zeros(n); g[:-1] = -400 * a * c - 2 * d; g[1:] += 200 * c
    return 100 * (c @ c) + d @ d, g`,
    ],
  ]
  for (const [name, problem, start, f] of variants) {
    const report = python(`
import json, time
import numpy as np
from scipy.optimize import minimize
n = 100
${f}
x0 = ${start}
${timed}
solve = lambda: minimize(f, x0, jac=True, method='L-BFGS-B', options=dict(maxcor=10, gtol=1e-8, ftol=0, maxiter=5000, maxfun=50000))
ms, out = median_ms(solve, 15)
print(json.dumps(dict(ms=ms, gradientNorm=float(np.abs(out.jac).max()), iterations=int(out.nit))))
`)
    if (report === null) continue
    rows.push(row(`L-BFGS, ${name}`, 'n = 100', 'SciPy L-BFGS-B', medianRun(problem, lbfgs(), 1e-8, 51), report, 10))
  }
  return rows
}

/** A chained Rosenbrock function whose every third variable is held above 1.1: many bounds are active at the minimum. */
export async function boundedBenchmarks(): Promise<BenchmarkRow[]> {
  const n = 100
  const lower = Float64Array.from({ length: n }, (_, i) => (i % 3 ? -2 : 1.1))
  const start = Float64Array.from({ length: n }, (_, i) => Math.max(lower[i], i % 2 ? 1 : -1.2))
  const { value, gradient, valueAndGradient } = testProblems.chainedRosenbrock(n)
  const problem = smoothProblem({
    dimension: n,
    value,
    ...(gradient && { gradient }),
    ...(valueAndGradient && { valueAndGradient }),
    lower,
    upper: new Float64Array(n).fill(2),
    start,
  })
  const report = python(`
import json, time
import numpy as np
from scipy.optimize import minimize
n = ${n}
def f(x):
    a, b = x[:-1], x[1:]
    c = b - a * a; d = 1 - a
    g = np.zeros(n); g[:-1] = -400 * a * c - 2 * d; g[1:] += 200 * c
    return 100 * (c @ c) + d @ d, g
lower = np.where(np.arange(n) % 3 != 0, -2.0, 1.1)
x0 = np.maximum(lower, np.where(np.arange(n) % 2 != 0, 1.0, -1.2))
${timed}
solve = lambda: minimize(f, x0, jac=True, method='L-BFGS-B', bounds=[(l, 2) for l in lower], options=dict(maxcor=10, gtol=1e-6, ftol=0, maxiter=5000, maxfun=50000))
ms, out = median_ms(solve, 15)
norm = np.abs(np.clip(out.x - out.jac, lower, 2) - out.x).max()
print(json.dumps(dict(ms=ms, gradientNorm=float(norm), iterations=int(out.nit), value=float(out.fun))))
`)
  if (report === null) return []
  const solved = medianRun(problem, lbfgsb(), 1e-6, 51)
  // Several local minima: times compare only where both arrive at the same one.
  const difference = Math.abs(solved[1].objective - (report.value ?? NaN))
  if (!(difference <= 1e-6)) throw new Error(`the two arrive at different minima, ${difference} apart`)
  return [row('L-BFGS-B with bounds, chained Rosenbrock', `n = ${n}`, 'SciPy L-BFGS-B', solved, report)]
}

/** Logistic regression by Newton's method, against the same in NumPy with its BLAS. */
export async function logisticBenchmarks(): Promise<BenchmarkRow[]> {
  const m = 10_000
  const n = 100
  const random = RandomStream.fromSeed(1)
  const features = random.fillNormal(new Float64Array(m * n))
  const weights = random.fillNormal(new Float64Array(n))
  const labels = Float64Array.from({ length: m }, (_, i) => {
    let margin = random.normal()
    for (let j = 0; j < n; j++) margin += 0.1 * weights[j] * features[i * n + j]
    return margin > 0 ? 1 : -1
  })
  // Data of the same distribution: the generators differ, the sizes and the conditioning do not.
  const report = python(`
import json, time
import numpy as np
rng = np.random.default_rng(1)
m, n, r = ${m}, ${n}, 1e-4
A = rng.standard_normal((m, n)); w = rng.standard_normal(n)
y = np.where(0.1 * A @ w + rng.standard_normal(m) > 0, 1.0, -1.0)
def solve():
    x = np.zeros(n)
    for k in range(50):
        z = y * (A @ x)
        q = 1 / (1 + np.exp(z))
        value = np.logaddexp(0, -z).mean() + r / 2 * (x @ x)
        g = -(A.T @ (y * q)) / m + r * x
        if np.abs(g).max() <= 1e-10: break
        H = A.T @ (A * (q * (1 - q) / m)[:, None]); H[np.diag_indices(n)] += r
        x = x - np.linalg.solve(H, g)
    return k, float(np.abs(g).max())
${timed}
ms, (k, norm) = median_ms(solve, 7)
print(json.dumps(dict(ms=ms, gradientNorm=norm, iterations=k)))
`)
  if (report === null) return []
  const problem = logisticRegression({ features, labels, regularization: 1e-4 })
  return [
    row(
      'logistic regression, Newton',
      `${m} x ${n}`,
      'NumPy Newton',
      medianRun(problem, newton(), 1e-10, 7),
      report,
      1 / 1.5,
    ),
  ]
}
