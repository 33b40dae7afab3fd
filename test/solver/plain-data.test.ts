import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidInputError, ParseError } from '../../src/base/index.ts'
import { clonePlain, parsePlain, stringifyPlain } from '../../src/solver/index.ts'

const anyDouble = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, -0, 5e-324))
const leaf = fc.oneof(
  anyDouble,
  fc.string(),
  fc.boolean(),
  fc.constant(null),
  fc.array(anyDouble, { maxLength: 80 }).map((values) => Float64Array.from(values)),
  fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })).map((values) => Int32Array.from(values)),
  fc.uint8Array(),
  fc.float32Array(),
)
const key = fc.string().filter((name) => name !== '$' && name !== '__proto__')
const plain = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(key, tie('node'), { noNullPrototype: true }),
  ),
})).node

describe('plain data', () => {
  it('survives a round trip through text bit for bit', () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(parsePlain(stringifyPlain(value))).toStrictEqual(value)
      }),
    )
  })

  it('clones deeply', () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(clonePlain(value)).toStrictEqual(value)
      }),
    )
    const inner = new Float64Array([1, 2])
    const copy = clonePlain({ inner })
    inner[0] = 9
    expect(copy.inner[0]).toBe(1)
  })

  it('copies a view without the memory behind it', () => {
    const memory = new Float64Array(1000)
    const copy = clonePlain(memory.subarray(10, 12))
    expect(copy.buffer.byteLength).toBe(16)
    expect((parsePlain(stringifyPlain(memory.subarray(0, 100))) as Float64Array).length).toBe(100)
  })

  it.each([
    ['a function', { a: { b: [() => 1] } }, /a\.b\[0\]/],
    ['a class instance', { when: new Date(0) }, /when/],
    ['a map', new Map(), /it is/],
    ['a bigint', { n: 1n }, /n is 1/],
    ['the reserved name $', { a: { $: 1 } }, /a\.\$/],
  ])('refuses %s and says where', (_, value, where) => {
    expect(() => stringifyPlain(value)).toThrow(InvalidInputError)
    expect(() => clonePlain(value)).toThrow(where)
  })

  it.each(['', '{', '{"$":"Int9Array","values":[]}', '{"$":"Float64Array","base64":"AAAA"}', '{"$":"Float64Array"}'])(
    'refuses the text %s',
    (text) => {
      expect(() => parsePlain(text)).toThrow(ParseError)
    },
  )
})
