import { describe, expect, it } from 'vitest'
import { consensusBasedOptimization } from '../../src/blackbox/index.ts'
import { gradientDescent, lbfgs, newton } from '../../src/smooth/index.ts'
import { type AsyncMethod, fork, type RunOptions, run, type SmoothProblem } from '../../src/solver/index.ts'
import { testProblem } from '../../src/test-functions/index.ts'

const { lower: _, upper: __, ...unbounded } = testProblem('zakharov', 3)
const problem: SmoothProblem = unbounded
const at = (method: AsyncMethod<SmoothProblem>, k: number) => {
  const { snapshot } = run(problem, method as never, { maxIterations: k, seed: 4, tolerance: 0 })
  if (snapshot === null) throw new Error('no snapshot')
  return snapshot
}
const goOn = (method: AsyncMethod<SmoothProblem>, options: RunOptions<Float64Array>) =>
  run(problem, method as never, { maxIterations: 30, tolerance: 0, ...options })

describe('a fork', () => {
  it('without any change is the run itself', async () => {
    const method = consensusBasedOptimization({ particles: 20 })
    const { options, keepsState } = await fork(problem, at(method, 11), method, method)
    expect(keepsState).toBe(true)
    expect(goOn(method, options).x).toEqual(goOn(method, { seed: 4 }).x)
  })

  it('with a seed draws as that seed says, from the same state', async () => {
    const method = consensusBasedOptimization({ particles: 20 })
    const snapshot = at(method, 11)
    const [one, two, other] = await Promise.all([5, 5, 6].map((seed) => fork(problem, snapshot, method, method, seed)))
    const swarm = ({ options }: typeof one) => goOn(method, options).snapshot?.state
    expect(swarm(one)).toEqual(swarm(two))
    expect(swarm(one)).not.toEqual(swarm(other))
    expect(one.options.resume?.state).toEqual(snapshot.state)
    expect(goOn(method, one.options).seed).toBe(5)
  })

  it('keeps the state under options that do not change its form, and takes the point where they do', async () => {
    const descent = (initialStep: number) => gradientDescent({ initialStep }) as unknown as AsyncMethod<SmoothProblem>
    const kept = await fork(problem, at(descent(1e-3), 5), descent(1e-3), descent(1e-2))
    expect(kept.keepsState).toBe(true)
    const quasi = lbfgs({ memory: 3 }) as unknown as AsyncMethod<SmoothProblem>
    const snapshot = at(quasi, 5)
    for (const after of [lbfgs({ memory: 4 }), newton()]) {
      const { options, keepsState } = await fork(problem, snapshot, quasi, after as never)
      expect(keepsState).toBe(false)
      expect(options.start).toEqual(quasi.solution(snapshot.state))
      expect(options.resume).toBeUndefined()
    }
  })
})
