import { InvalidInputError } from '../../base/index.ts'
import { moreGarbowHillstrom, type TestFunction, testFunctions } from '../../test-functions/index.ts'
import { type CommonOptions, exitCodes, type Session } from '../session.ts'

/** One line of `thalweg functions`. */
interface FunctionEntry {
  /** As `thalweg minimize` and `compare` take it. */
  readonly name: string
  readonly title: string
  readonly tags: readonly string[]
  /** The only dimension, or the default one. */
  readonly dimension: number
  readonly anyDimension: boolean
  /** The minimum in that dimension; null where none is known. */
  readonly minimum: number | null
}

const entryOf = (f: TestFunction): FunctionEntry => ({
  name: f.slug,
  title: f.title,
  tags: f.tags,
  dimension: f.dimension,
  anyDimension: f.dimensions !== undefined,
  minimum: f.minimum(f.dimension),
})

function entries(): FunctionEntry[] {
  return [
    ...testFunctions.map(entryOf),
    ...moreGarbowHillstrom.map((f) => ({
      name: `mgh:${f.slug}`,
      title: f.title,
      tags: ['mgh', 'sum-of-squares'],
      dimension: f.dimension,
      anyDimension: f.dimensions !== undefined,
      minimum: f.optima.find((o) => !o.local && (o.dimension ?? f.dimension) === f.dimension)?.minimum ?? null,
    })),
  ]
}

/** `thalweg functions`: the test functions that `minimize` and `compare` know by name. */
export async function functionsCommand(
  session: Session,
  words: readonly string[],
  _options: CommonOptions,
): Promise<number> {
  const wanted = words.map((word) => word.toLowerCase())
  const found = entries().filter(({ name, title, tags }) => {
    const text = `${name} ${title} ${tags.join(' ')}`.toLowerCase()
    return wanted.every((word) => text.includes(word))
  })
  if (found.length === 0) {
    const tags = [...new Set(entries().flatMap((entry) => entry.tags))]
    throw new InvalidInputError(`no test function mentions ${words.join(' ')}; tags are ${tags.join(', ')}`, {
      argument: 'words',
      expected: tags.join(', '),
      received: words.join(' '),
    })
  }
  session.answer(found)
  session.table({
    title: '',
    columns: ['name', 'n', 'minimum', 'tags'],
    rows: found.map(({ name, dimension, anyDimension, minimum, tags }) => [
      name,
      `${dimension}${anyDimension ? ' *' : ''}`,
      minimum ?? '-',
      tags.join(', '),
    ]),
  })
  session.say('  * in other dimensions too: rastrigin-10. Tags name sets of them: thalweg compare multimodal.')
  return exitCodes.solved
}
