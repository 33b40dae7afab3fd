import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/** The TypeScript blocks of a page; the pages use no types, so that a block without its imports is JavaScript. */
function examples(page: string): string[] {
  const text = readFileSync(new URL(`../docs/${page}`, import.meta.url), 'utf8')
  // Examples that need files of their own are marked so.
  return Array.from(text.matchAll(/(<!-- needs .*-->\n)?```ts\n([\s\S]*?)```/g))
    .filter(([, mark]) => mark === undefined)
    .map(([, , code]) => code)
}

const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor as new (
  ...names: string[]
) => (rooms: unknown, console: unknown) => Promise<void>

/**
 * Tests that run every example of some pages and look at what it prints: nothing undefined, no NaN, and where a single truth
 * value is printed it is true.
 *
 * @param pages paths below docs/
 * @param rooms what `import { ... } from 'thalweg/<room>'` finds, by room, and modules such as `node:fs`
 */
export function testExamples(pages: readonly string[], rooms: Readonly<Record<string, object>>): void {
  describe.each(pages)('the examples of docs/%s', (page) => {
    it.each(examples(page).map((code, i) => [i + 1, code] as const))('example %i runs', async (_, code) => {
      const lines: unknown[] = []
      const body = code.replace(
        /import \{([^}]*)\} from '(?:thalweg\/)?([\w:-]+)'/g,
        (_match, names: string, room: string) => `const {${names}} = rooms['${room}']`,
      )
      await new AsyncFunction('rooms', 'console', body)(rooms, {
        log: (...parts: unknown[]) => lines.push(...parts),
      })
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
}
