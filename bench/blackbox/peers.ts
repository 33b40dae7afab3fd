import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { TestProblem } from '../../src/test-functions/index.ts'

/** One problem with a budget, as `peers.py` reads it. */
export interface PeerJob {
  readonly problem: TestProblem
  /** Slug of the test function. */
  readonly function: string
  /** Minimizer of the function before it was shifted and rotated. */
  readonly minimizer: ArrayLike<number>
  readonly budget: number
  readonly seed: number
  readonly methods: readonly string[]
  readonly target?: number
}

export interface PeerRun {
  readonly best: number
  readonly evaluations: number
  readonly ms: number
}

export interface PeerReport {
  readonly versions: { readonly scipy: string | null; readonly nlopt: string | null }
  /** One entry per job, by method; methods whose library is absent are missing. */
  readonly results: readonly Readonly<Record<string, PeerRun>>[]
}

/** Runs the jobs in Python; null if there is no Python with NumPy. */
export function runPeers(jobs: readonly PeerJob[]): PeerReport | null {
  const input = JSON.stringify({
    jobs: jobs.map(({ problem, minimizer, ...rest }) => ({
      ...rest,
      lower: [...problem.lower],
      upper: [...problem.upper],
      start: [...problem.start],
      rotation: problem.rotation ? [...problem.rotation] : null,
      shift: [...problem.minimizer],
      minimizer: Array.from(minimizer),
    })),
  })
  const program = readFileSync('bench/blackbox/peers.py', 'utf8')
  // The interpreter on the path may be another than the system's, without its packages.
  let best: PeerReport | null = null
  for (const python of ['/usr/bin/python3', 'python3']) {
    try {
      const text = execFileSync(python, ['-c', program], { input, encoding: 'utf8', maxBuffer: 1 << 28, stdio: 'pipe' })
      const report = JSON.parse(text) as PeerReport
      if (report.versions.scipy !== null && report.versions.nlopt !== null) return report
      best ??= report
    } catch (error) {
      // No such interpreter, or no NumPy: the rows say that the peer is absent. Anything else is a defect of the benchmark.
      const { code, stderr } = error as { code?: string; stderr?: string }
      if (code !== 'ENOENT' && !/No module named 'numpy'/.test(stderr ?? '')) throw error
    }
  }
  return best
}
