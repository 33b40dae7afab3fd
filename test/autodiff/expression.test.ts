import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compile, ExpressionError, inputNode, interpret, parseExpression } from '../../src/autodiff/index.ts'
import { ParseError } from '../../src/base/errors.ts'

function evaluate(text: string, values: Record<string, number> = {}): number {
  const { build } = parseExpression(text)
  const inputs = Object.fromEntries(Object.keys(values).map((name) => [name, inputNode([])]))
  return interpret([build(inputs)], new Map(Object.entries(values).map(([name, v]) => [inputs[name], [v]])))[0][0]
}

function failure(text: string, variables?: string[]): ExpressionError {
  try {
    parseExpression(text, { variables })
  } catch (error) {
    if (error instanceof ExpressionError) return error
  }
  throw new Error(`${text} was parsed`)
}

describe('parseExpression', () => {
  test.each([
    ['1 + 2*3', 7],
    ['(1 + 2)*3', 9],
    ['2 - 3 - 4', -5],
    ['12/2/3', 2],
    ['2^3^2', 512],
    ['2**3**2', 512],
    ['-3^2', -9],
    ['(-3)^2', 9],
    ['2^-1', 0.5],
    ['-2^-2', -0.25],
    ['--3', 3],
    ['3*-2', -6],
    ['+4', 4],
    ['1.5e2 + .5', 150.5],
    ['2 e^0'.replace(' ', '*'), 2],
    ['cos(pi)', -1],
    ['ln(e)', 1],
    ['log10(1000)', 3],
    ['max(1, 5, 3) - min(4, 2)', 3],
    ['pow(2, 5)', 32],
    ['abs(-2) + sqrt(16)', 6],
    ['sinh(0) + cosh(0) + atan(0) + asin(0) + acos(1)', 1],
    ['  ( 7 )  ', 7],
  ])('%s = %d', (text, expected) => {
    expect(evaluate(text)).toBeCloseTo(expected, 12)
  })

  test('agrees with the same formula written in TypeScript', () => {
    const numbers = fc.double({ min: -3, max: 3, noNaN: true })
    fc.assert(
      fc.property(numbers, numbers, (x, y) => {
        expect(evaluate('100*(y - x^2)^2 + (1 - x)^2', { x, y })).toBeCloseTo(100 * (y - x * x) ** 2 + (1 - x) ** 2, 9)
        expect(evaluate('exp(-x/2)*sin(y) - 3/(1 + x*x)', { x, y })).toBeCloseTo(
          Math.exp(-x / 2) * Math.sin(y) - 3 / (1 + x * x),
          12,
        )
      }),
    )
  })

  test('orders variables naturally, or as given', () => {
    expect(parseExpression('x10 + x2 + x1 + a*b12*b3').variables).toEqual(['a', 'b3', 'b12', 'x1', 'x2', 'x10'])
    expect(parseExpression('x + y', { variables: ['y', 'x', 'unused'] }).variables).toEqual(['y', 'x', 'unused'])
    expect(parseExpression('2*pi*e').variables).toEqual([])
    // A variable may take the name of a constant.
    expect(parseExpression('e*x', { variables: ['e', 'x'] }).variables).toEqual(['e', 'x'])
  })

  test('the Rosenbrock function is 0 with zero gradient at (1, 1)', () => {
    const { variables, build } = parseExpression('100*(x2-x1^2)^2+(1-x1)^2')
    const f = compile((x) => build(Object.fromEntries(variables.map((name, i) => [name, x.at(i)]))), [{ shape: [2] }])
    const gradient = new Float64Array(2).fill(NaN)
    expect(f.valueAndGradient(Float64Array.of(1, 1), gradient)).toBe(0)
    expect(Array.from(gradient, (g) => g + 0)).toEqual([0, 0])
  })

  test.each([
    ['2*sine(x)', 2, "did you mean 'sin'?"],
    ['2*(x + 1', 8, "expected ')'"],
    ['x + 1)', 5, "no '('"],
    ['2 x', 2, 'write a product with *'],
    ['x + * 2', 4, 'expected a number, a name'],
    ['x $ 2', 2, "unexpected character '$'"],
    ['', 0, 'the expression is empty'],
    ['sin', 0, 'needs arguments'],
    ['sin(x, 1)', 0, '1 argument, got 2'],
    ['pow(2)', 0, '2 arguments, got 1'],
    ['max()', 0, 'one or more arguments'],
    ['x = 2', 2, "unexpected character '='"],
  ])('%s fails at %d: %s', (text, position, reason) => {
    const error = failure(text)
    expect(error).toBeInstanceOf(ParseError)
    expect(error.position).toBe(position)
    expect(error.message).toContain(reason)
    const lines = error.message.split('\n')
    expect(lines[2].indexOf('^') - 2).toBe(position)
  })

  test('suggests the nearest variable', () => {
    expect(failure('alpah + 1', ['alpha', 'beta']).message).toContain("did you mean 'alpha'?")
  })

  test('refuses what is nested without end instead of overflowing the stack', () => {
    expect(failure(`${'('.repeat(100_000)}1`).message).toContain('nested too deeply')
    expect(failure(`${'-'.repeat(100_000)}1`).message).toContain('nested too deeply')
  })

  test('takes long sums', () => {
    const count = 20_000
    expect(evaluate(Array.from({ length: count }, () => 'x').join(' + '), { x: 0.5 })).toBe(count / 2)
  })

  test('asks for missing values', () => {
    expect(() => parseExpression('x + y').build({ x: inputNode([]) })).toThrow('no value for the variable y')
  })
})
