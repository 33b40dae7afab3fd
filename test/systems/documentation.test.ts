import { expect, it } from 'vitest'
import * as base from '../../src/base/index.ts'
import * as online from '../../src/online/index.ts'
import * as solver from '../../src/solver/index.ts'
import * as systems from '../../src/systems/index.ts'
import { testExamples } from '../documentation.ts'

testExamples(['methods/learning-to-relax.md', 'systems.md', 'bandits.md'], { base, online, solver, systems })

it('the learned parameter of the first example beats Gauss-Seidel', () => {
  const shifts = Array.from({ length: 300 }, (_, t) => 0.3 + 0.4 * Math.sin(t))
  const family = systems.shiftedSystems(systems.poisson(10, 10), shifts)
  const chooser = systems.learnedParameter({ policy: 'cheb-cb', contexts: [-0.1, 0.7] })
  const learned = systems.solveSequence(family, systems.sorSolver(), chooser, { seed: 1 })
  const gaussSeidel = systems.solveSequence(family, systems.sorSolver(), systems.fixedParameter(1))
  expect(learned.failures.length + gaussSeidel.failures.length).toBe(0)
  expect(learned.mean).toBeLessThan(0.6 * gaussSeidel.mean)
})
