import { execFileSync } from 'node:child_process'
import { csrMultiply, norm } from '../../src/linalg/index.ts'
import { run } from '../../src/solver/index.ts'
import {
  bestFixedParameter,
  conjugateGradients,
  heatEquation,
  learnedParameter,
  linearSystem,
  type ParameterChooser,
  poisson,
  relaxationGrid,
  solveSequence,
  sorSolver,
  ssorCgSolver,
} from '../../src/systems/index.ts'
import { placeMatrix } from '../../src/systems/placement.ts'
import { sweepStructure } from '../../src/systems/sparse.ts'
import { applySsor, backwardSweep, forwardSweep } from '../../src/systems/sweeps.ts'
import type { BenchmarkRow } from '../row.ts'

function median(times: number[]): number {
  return times.sort((a, b) => a - b)[times.length >> 1]
}

/** Milliseconds of several calls, run in turn so that all meet the same disturbances; medians of `runs`. */
function inTurn(calls: readonly (() => void)[], runs: number, repeat: number): number[] {
  const times = calls.map((): number[] => [])
  for (let round = -3; round < runs; round++) {
    calls.forEach((call, which) => {
      const start = performance.now()
      for (let k = 0; k < repeat; k++) call()
      if (round >= 0) times[which].push((performance.now() - start) / repeat)
    })
  }
  return times.map(median)
}

/** One sweep, with the new residual, against one product with the same matrix. */
export function sweepBenchmarks(): BenchmarkRow[] {
  const rows: BenchmarkRow[] = []
  for (const side of [100, 200, 400]) {
    const matrix = poisson(side, side)
    const n = side * side
    const placement = placeMatrix(matrix, 3)
    const structure = placement.structure ?? sweepStructure(matrix)
    const [x, r, out] = [placement.vector(), placement.vector(), placement.vector()]
    for (let i = 0; i < n; i++) x[i] = Math.sin(i)
    r.set(x)
    const [product, forward, backward, ssor] = inTurn(
      [
        () => csrMultiply(placement.matrix, x, out),
        () => {
          // A residual that shrinks to subnormal numbers would slow the loops down.
          if (forwardSweep(structure, 1.5, r, out) < 1e-20) r.set(x)
        },
        () => {
          if (backwardSweep(structure, 1.5, r, out) < 1e-20) r.set(x)
        },
        () => applySsor(structure, 1.5, x, out),
      ],
      25,
      Math.ceil(4e5 / n),
    )
    for (const [name, ours, most] of [
      ['SOR sweep, forward', forward, 1.5],
      ['SOR sweep, backward', backward, 1.5],
      ['SSOR preconditioner, two sweeps', ssor, 3],
    ] as const) {
      rows.push({
        name,
        size: `Poisson ${side} x ${side}`,
        peer: 'one product with the matrix (ours)',
        oursMs: ours,
        peerMs: product,
        ratio: product / ours,
        bar: `>= ${(1 / most).toPrecision(3)} (${most} products)`,
        holds: ours <= most * product,
      })
    }
  }
  return rows
}

const scipy = `
import json, time, numpy as np, scipy, scipy.sparse as sp, scipy.sparse.linalg as sl
rows = []
for n in (100, 200):
    I = sp.eye(n); T = sp.diags([-1, 2, -1], [-1, 0, 1], shape=(n, n))
    A = (sp.kron(I, T) + sp.kron(T, I)).tocsr(); b = np.ones(n * n)
    times = []
    for k in range(12):
        t = time.perf_counter()
        try: x, info = sl.cg(A, b, rtol=1e-8, atol=0)
        except TypeError: x, info = sl.cg(A, b, tol=1e-8, atol=0)
        if k > 1: times.append(1e3 * (time.perf_counter() - t))
    rows.append({'n': n, 'ms': sorted(times)[len(times) // 2], 'residual': float(np.linalg.norm(b - A @ x) / np.linalg.norm(b))})
print(json.dumps({'version': scipy.__version__, 'rows': rows}))
`

/** Conjugate gradients to a relative residual of 1e-8 against SciPy's, each timed inside its own process, one thread. */
export function conjugateGradientBenchmarks(): BenchmarkRow[] {
  let peer: { version: string; rows: { n: number; ms: number; residual: number }[] }
  try {
    const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' }
    const python = process.env.THALWEG_PYTHON ?? 'python3'
    peer = JSON.parse(
      execFileSync(python, ['-c', scipy], { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] }),
    )
  } catch {
    return []
  }
  return peer.rows.map(({ n, ms, residual }) => {
    const matrix = poisson(n, n)
    const b = new Float64Array(n * n).fill(1)
    const problem = linearSystem({ matrix, rightHandSide: b })
    let reached = 0
    const [ours] = inTurn(
      [
        () => {
          const { certificate } = run(problem, conjugateGradients(), { tolerance: 1e-8, traceEvery: 0 })
          reached = certificate?.measures.relativeResidual ?? Number.NaN
        },
      ],
      15,
      1,
    )
    const answer = new Float64Array(n * n)
    csrMultiply(matrix, run(problem, conjugateGradients()).x, answer)
    for (let i = 0; i < answer.length; i++) answer[i] -= b[i]
    if (!(norm(answer) <= 1.000001e-8 * norm(b))) throw new Error('conjugate gradients missed the tolerance')
    return {
      name: 'conjugate gradients to 1e-8',
      size: `Poisson ${n} x ${n}`,
      peer: `SciPy ${peer.version}`,
      oursMs: ours,
      peerMs: ms,
      ratio: ms / ours,
      bar: '>= 0.667 (1.5 times SciPy)',
      holds: ours <= 1.5 * ms,
      note: `relative residuals ${reached.toPrecision(3)} (ours), ${residual.toPrecision(3)} (SciPy); set-up and certificate included`,
    }
  })
}

/** Iterations over a heat equation: what learning saves against what it costs. The ratio is of iterations where it says so. */
export function learnedParameterBenchmarks(): BenchmarkRow[] {
  const systems = heatEquation({ cells: 25, steps: 1000 })
  const solver = ssorCgSolver()
  const fixed = bestFixedParameter(systems, solver, relaxationGrid)
  const rows: BenchmarkRow[] = []
  for (const [label, chooser, bar] of [
    ['ChebCB', learnedParameter({ policy: 'cheb-cb', contexts: systems.contexts, resolution: 6 }), 1 / 0.93],
    ['Tsallis-INF', learnedParameter(), 1 / 1.08],
  ] as const) {
    let total = 0
    const began = performance.now()
    for (let seed = 0; seed < 3; seed++) {
      total += solveSequence(systems, solver, chooser as ParameterChooser<unknown>, { seed }).total / 3
    }
    const oursMs = (performance.now() - began) / 3
    const then = performance.now()
    bestFixedParameter(systems, solver, [fixed.parameter])
    const ratio = fixed.total / total
    rows.push({
      name: `learned omega, ${label}: iterations saved`,
      size: 'heat equation, 576 unknowns, 1000 steps',
      peer: `best fixed omega in hindsight, ${fixed.parameter}`,
      oursMs,
      peerMs: performance.now() - then,
      ratio,
      bar: `>= ${bar.toFixed(3)} in iterations`,
      holds: ratio >= bar,
      note: `ratio of iterations: ${Math.round(fixed.total)} fixed, ${Math.round(total)} learned (mean of 3 seeds); finding the best fixed omega took ${relaxationGrid.length} runs`,
    })
  }
  // What the chooser itself costs per system.
  const tiny = Array.from({ length: 2000 }, () => ({
    matrix: poisson(2),
    rightHandSide: new Float64Array(2).fill(1),
    context: 0.5,
  }))
  for (const [label, chooser] of [
    ['ChebCB', learnedParameter({ policy: 'cheb-cb', contexts: [0, 1] })],
    ['Tsallis-INF', learnedParameter()],
  ] as const) {
    const [ours] = inTurn([() => solveSequence(tiny, sorSolver(), chooser as ParameterChooser<unknown>)], 5, 1)
    rows.push({
      name: `choosing a parameter, ${label}`,
      size: '20 parameters, per system',
      peer: 'a solve of 41 SOR sweeps with 100 unknowns',
      oursMs: ours / tiny.length,
      ...choosingPeer(ours / tiny.length),
    })
  }
  return rows
}

function choosingPeer(oursMs: number): { peerMs: number; ratio: number; note: string } {
  const system = { matrix: poisson(10, 10), rightHandSide: new Float64Array(100).fill(1) }
  const solver = sorSolver()
  const [peerMs] = inTurn([() => solver.solve(system, 1.56, new Float64Array(100))], 15, 20)
  return { peerMs, ratio: peerMs / oursMs, note: 'includes a solve with 2 unknowns' }
}
