import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as base from '../../src/base/index.ts'
import * as online from '../../src/online/index.ts'
import * as solver from '../../src/solver/index.ts'
import * as systems from '../../src/systems/index.ts'

const rooms: Record<string, Record<string, unknown>> = { base, online, solver, systems }

/** The TypeScript blocks of a page; the pages use no types, so that a block without its imports is JavaScript. */
function examples(page: string): string[] {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8')
  return Array.from(text.matchAll(/```ts\n([\s\S]*?)```/g), ([, code]) => code)
}

describe.each(['methods/learning-to-relax.md', 'systems.md', 'bandits.md'])('the examples of docs/%s', (page) => {
  it.each(examples(page).map((code, i) => [i + 1, code] as const))('example %i runs', (_, code) => {
    const lines: unknown[][] = []
    const body = code.replace(
      /import \{([^}]*)\} from 'thalweg\/(\w+)'/g,
      (_match, names: string, room: string) => `const {${names}} = rooms.${room}`,
    )
    const log = { log: (...parts: unknown[]) => lines.push(parts) }
    new Function('rooms', 'console', body)(rooms, log)
    for (const part of lines.flat()) {
      expect(part).toBeDefined()
      if (typeof part === 'number') expect(part).not.toBeNaN()
    }
  })

  it('has examples', () => {
    expect(examples(page).length).toBeGreaterThan(0)
  })
})

it('the learned parameter of the first example beats Gauss-Seidel', () => {
  const shifts = Array.from({ length: 300 }, (_, t) => 0.3 + 0.4 * Math.sin(t))
  const family = systems.shiftedSystems(systems.poisson(10, 10), shifts)
  const chooser = systems.learnedParameter({ policy: 'cheb-cb', contexts: [-0.1, 0.7] })
  const learned = systems.solveSequence(family, systems.sorSolver(), chooser, { seed: 1 })
  const gaussSeidel = systems.solveSequence(family, systems.sorSolver(), systems.fixedParameter(1))
  expect(learned.failures.length + gaussSeidel.failures.length).toBe(0)
  expect(learned.mean).toBeLessThan(0.6 * gaussSeidel.mean)
})
