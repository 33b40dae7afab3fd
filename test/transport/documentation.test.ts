import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as solver from '../../src/solver/index.ts'
import * as transport from '../../src/transport/index.ts'

const rooms: Record<string, Record<string, unknown>> = { solver, transport }

/** The TypeScript blocks of a page; the pages use no types, so that a block without its imports is JavaScript. */
function examples(page: string): string[] {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8')
  return Array.from(text.matchAll(/```ts\n([\s\S]*?)```/g), ([, code]) => code)
}

describe.each(['transport.md', 'methods/sinkhorn-newton-sparse.md'])('the examples of docs/%s', (page) => {
  it.each(examples(page).map((code, i) => [i + 1, code] as const))('example %i runs', (_, code) => {
    const lines: unknown[] = []
    const body = code.replace(
      /import \{([^}]*)\} from 'thalweg\/(\w+)'/g,
      (_match, names: string, room: string) => `const {${names}} = rooms.${room}`,
    )
    const log = { log: (...parts: unknown[]) => lines.push(...parts) }
    new Function('rooms', 'console', body)(rooms, log)
    for (const part of lines) {
      expect(part).toBeDefined()
      if (typeof part === 'number') expect(part).not.toBeNaN()
      if (typeof part === 'boolean') expect(part).toBe(true)
    }
  })

  it('has examples', () => {
    expect(examples(page).length).toBeGreaterThan(0)
  })
})

it('the first example gives what it says', () => {
  const { cost, plan, message } = transport.transport(
    [0.5, 0.5],
    [0.25, 0.75],
    [
      [0, 1],
      [1, 0],
    ],
  )
  expect(cost).toBe(0.25)
  expect(Array.from(plan.toDense())).toEqual([0.25, 0.25, 0, 0.5])
  expect(message).toMatch(/Method: network simplex/)
})
