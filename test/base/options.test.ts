import { describe, expect, it } from 'vitest'
import {
  between,
  checked,
  choice,
  flag,
  integer,
  OptionError,
  positive,
  describe as say,
  within,
} from '../../src/base/index.ts'

interface Options {
  stepSize?: number
  momentum?: number
  memory?: number
  rule?: 'armijo' | 'wolfe'
  verbose?: boolean
  fraction?: number
}

const specs = {
  stepSize: positive(1, 'step size'),
  momentum: within(0, 1, 0.9, 'momentum'),
  memory: integer(10, 'memory', { min: 1, max: 100 }),
  rule: choice(['armijo', 'wolfe'], 'armijo', 'rule'),
  verbose: flag(false, 'verbose'),
  fraction: between(0, 1, 1, 'fraction'),
}
const check = (options: object) => checked<Options, typeof specs>('demo', options as Options, specs)

describe('checked options', () => {
  it('fills in defaults and keeps what is given', () => {
    expect(check({})).toEqual({ stepSize: 1, momentum: 0.9, memory: 10, rule: 'armijo', verbose: false, fraction: 1 })
    expect(check({ memory: 3, rule: 'wolfe', stepSize: undefined })).toMatchObject({
      memory: 3,
      rule: 'wolfe',
      stepSize: 1,
    })
  })

  it.each([
    [{ stepsize: 1 }, "demo: unknown option 'stepsize'; did you mean 'stepSize'?"],
    [{ zzzzzzzzzzzz: 1 }, 'known options: stepSize, momentum'],
    [{ stepSize: 0 }, 'demo: stepSize must be a finite number > 0, got 0'],
    [{ stepSize: Number.NaN }, 'got NaN'],
    [{ stepSize: '1' }, 'got "1"'],
    [{ momentum: 1 }, 'momentum must be a number in (0, 1), got 1'],
    [{ memory: 2.5 }, 'memory must be an integer in [1, 100], got 2.5'],
    [{ memory: 101 }, 'got 101'],
    [{ rule: 'wolf' }, "rule must be one of 'armijo', 'wolfe', got \"wolf\""],
    [{ verbose: 1 }, 'verbose must be true or false, got 1'],
    [{ fraction: 1.5 }, 'fraction must be a number in [0, 1], got 1.5'],
  ])('refuses %o', (options, message) => {
    expect(() => check(options)).toThrow(OptionError)
    expect(() => check(options)).toThrow(message)
  })

  it.each([null, 5, 'x', [1], new Float64Array(2)])('refuses %s in place of an options object', (given) => {
    expect(() => check(given as object)).toThrow(/expected an options object/)
  })

  it('carries the data of the error, not only its text', () => {
    try {
      check({ momentum: 2 })
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({
        code: 'invalid-option',
        argument: 'momentum',
        expected: 'a number in (0, 1)',
        received: '2',
      })
    }
  })
})

describe('describe', () => {
  it.each([
    ['abc', '"abc"'],
    [[3, 4], '[3, 4]'],
    [new Float64Array(4), 'Float64Array(4)'],
    [undefined, 'undefined'],
    [{ a: 1, b: 2 }, 'an object with keys a, b'],
    [new Array(20).fill(0), 'an array of length 20'],
  ])('says %o as %s', (value, text) => {
    expect(say(value)).toBe(text)
  })
})
