import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UnsupportedError } from '../../src/base/index.ts'
import { csrMultiply } from '../../src/linalg/index.ts'
import { highs, highsInProcess, type MixedIntegerProgram, readModel } from '../../src/mip/index.ts'
import { runAsync } from '../../src/solver/index.ts'

const readLp = (text: string, source = 'model'): MixedIntegerProgram => readModel(text, 'lp', source)
const readMps = (text: string, source = 'model'): MixedIntegerProgram => readModel(text, 'mps', source)

/** Whether a point keeps all rows and bounds of a program. */
function feasible(program: MixedIntegerProgram, point: readonly number[]): boolean {
  const { matrix, rowLower, rowUpper, lower, upper } = program
  const activity = new Float64Array(rowLower.length)
  csrMultiply(matrix, Float64Array.from(point), activity)
  const inside = (value: number, low: number, high: number): boolean => value >= low - 1e-9 && value <= high + 1e-9
  return (
    point.every((value, j) => inside(value, lower[j], upper[j])) &&
    activity.every((value, i) => inside(value, rowLower[i], rowUpper[i]))
  )
}

/** All integer points of a box. */
function* points(box: readonly (readonly [number, number])[]): Generator<number[]> {
  if (box.length === 0) {
    yield []
    return
  }
  const [[low, high], ...rest] = box
  for (let value = low; value <= high; value++) for (const others of points(rest)) yield [value, ...others]
}

/** Whether some values of the columns after the first make the point feasible. */
function feasibleWithMore(program: MixedIntegerProgram, point: readonly number[]): boolean {
  const more = program.columnNames.length - point.length
  for (const others of points(Array.from({ length: more }, () => [0, 1] as const))) {
    if (feasible(program, [...point, ...others])) return true
  }
  return false
}

const coefficient = fc.integer({ min: -3, max: 3 }).filter((value) => value !== 0)
const signed = (value: number): string => (value < 0 ? `- ${-value}` : `+ ${value}`)

describe('indicator constraints', () => {
  it('mean the same as written out: the constraint holds where the indicator has its value', () => {
    fc.assert(
      fc.property(
        fc.tuple(coefficient, coefficient, coefficient),
        fc.integer({ min: -6, max: 6 }),
        fc.constantFrom('<=', '>=', '='),
        fc.constantFrom(0, 1),
        fc.integer({ min: -3, max: 0 }),
        ([a, b, c], right, comparison, value, low) => {
          const program = readLp(`Minimize\n obj: x\nSubject To\n
 use: d = ${value} -> ${a} x ${signed(b)} y ${signed(c)} d ${comparison} ${right}
Bounds\n ${low} <= x <= 2\n -1 <= y <= 3\nGenerals\n x y\nBinary\n d\nEnd`)
          expect([...program.columnNames].sort()).toEqual(['d', 'x', 'y'])
          const order = ['x', 'y', 'd'].map((name) => program.columnNames.indexOf(name))
          for (const [x, y, d] of points([
            [low, 2],
            [-1, 3],
            [0, 1],
          ])) {
            const left = a * x + b * y + c * d
            const holds = comparison === '<=' ? left <= right : comparison === '>=' ? left >= right : left === right
            const point = [0, 0, 0]
            point[order[0]] = x
            point[order[1]] = y
            point[order[2]] = d
            expect(feasible(program, point)).toBe(d !== value || holds)
          }
        },
      ),
      { seed: 3, numRuns: 60 },
    )
  })

  it('may use bounds that other rows imply, and lose no point by it', () => {
    fc.assert(
      fc.property(
        coefficient,
        coefficient,
        fc.integer({ min: 0, max: 8 }),
        fc.integer({ min: -4, max: 4 }),
        (a, b, sum, right) => {
          // x and y have no upper bounds, but x + y <= sum has.
          const program = readLp(
            `min\n x\nst\n use: d = 1 -> ${a} x ${signed(b)} y <= ${right}\n all: x + y <= ${sum}\ngeneral\n x y\nbinary\n d\nend`,
          )
          const order = ['x', 'y', 'd'].map((name) => program.columnNames.indexOf(name))
          for (const [x, y, d] of points([
            [0, 9],
            [0, 9],
            [0, 1],
          ])) {
            const point = [0, 0, 0]
            point[order[0]] = x
            point[order[1]] = y
            point[order[2]] = d
            expect(feasible(program, point)).toBe(x + y <= sum && (d === 0 || a * x + b * y <= right))
          }
        },
      ),
      { seed: 4, numRuns: 40 },
    )
  })

  it('are read from MPS, ranges too', () => {
    const program = readMps(`NAME
ROWS
 N obj
 E c
COLUMNS
    MARKER                 'MARKER'                 'INTORG'
    x  obj  -1  c  1
    d  obj  2
    MARKER                 'MARKER'                 'INTEND'
    y  c  1
RHS
    rhs  c  2
RANGES
    rng  c  3
BOUNDS
 UP bnd x 9
 BV bnd d
 UP bnd y 4
INDICATORS
 IF c d 1
ENDATA`)
    for (const [x, d, y] of points([
      [0, 9],
      [0, 1],
      [0, 4],
    ])) {
      expect(feasible(program, [x, d, y])).toBe(d === 0 || (x + y >= 2 && x + y <= 5))
    }
  })

  it('say which bound is missing, and what is no indicator', () => {
    const model = (constraint: string, bounds = ''): string =>
      `min\n x\nst\n c: ${constraint}\nbounds\n x <= 5\n${bounds}\nbinary\n d\nend`
    expect(() => readLp(model('d = 1 -> x + y <= 3'), 'm.lp')).toThrow(
      /m\.lp, line 4: constraint 'c' holds only where 'd' is 1.*'y' needs an upper bound/,
    )
    expect(() => readLp(model('d = 1 -> x + y <= 3'), 'm.lp')).toThrow(UnsupportedError)
    // What the rows imply is as good: y <= 7 - x <= 7.
    expect(() => readLp(model('d = 1 -> x + y <= 3\n r: x + y <= 7'), 'm.lp')).not.toThrow()
    // From below nothing is missing: y >= 0.
    expect(() => readLp(model('d = 1 -> x + y >= 3'), 'm.lp')).not.toThrow()
    expect(() => readLp(model('x = 1 -> x + y >= 3'), 'm.lp')).toThrow(
      /the indicator 'x' of constraint 'c' must be a binary/,
    )
    expect(() => readLp(model('d = 2 -> x >= 3'), 'm.lp')).toThrow(
      /line 4: before '->' stands a binary variable = 0 or = 1/,
    )
    expect(() => readLp(model('d = 1 -> x + y <= 3', ' y <= 1e10'), 'm.lp')).toThrow(/tighter bounds/)
  })
})

describe('special ordered sets', () => {
  const box = [
    [-1, 2],
    [0, 2],
    [0, 1],
    [-2, 0],
  ] as const
  const bounds = ' -1 <= a <= 2\n b <= 2\n c <= 1\n -2 <= e <= 0\n'
  const nonzero = (point: readonly number[]): number[] => point.flatMap((value, i) => (value === 0 ? [] : [i]))

  it.each([1, 2])('of type %i leave exactly the points that they allow', (type) => {
    // The weights put e before b: the order is c, a, e, b.
    const program = readLp(
      `min\n a + b + c + e\nst\nbounds\n${bounds}general\n a b c e\nsos\n s: S${type}:: a:2 b:4.5 c:1 e:3\nend`,
    )
    const place = [1, 3, 0, 2]
    for (const point of points(box)) {
      const used = nonzero(point).map((i) => place[i])
      const allowed = used.length <= 1 || (type === 2 && used.length === 2 && Math.abs(used[0] - used[1]) === 1)
      expect(feasibleWithMore(program, point), point.join()).toBe(allowed)
    }
  })

  it('of binaries are one row, and of as few members as may be used anyway nothing', () => {
    const text = (type: string, members: string): string =>
      `min\n a + b + c\nst\nbounds\n c <= 3\nbinary\n a b\nsos\n s: ${type}:: ${members}\nend`
    const one = readLp(text('S1', 'a:1 b:2'))
    expect([one.columnNames.length, one.rowNames]).toEqual([3, ['s']])
    const none = readLp(text('S2', 'b:1 c:2'))
    expect([none.columnNames.length, none.rowNames.length]).toEqual([3, 0])
  })

  it('are read from MPS in its ways of writing them', () => {
    const head = `NAME\nROWS\n N obj\n L r\nCOLUMNS\n x obj -1 r 1\n y obj -2 r 1\n z obj -3 r 1\nRHS\n rhs r 20\nBOUNDS\n UP b x 4\n UP b y 4\n UP b z 4\n`
    for (const section of [
      'SOS\n S1 SOS first 5\n    SOS x 1\n    SOS y 2\n    SOS z 3\n',
      'SOS\n S1 first\n    x 1\n    y 2\n    z 3\n',
      'SETS\n S1 first\n    first x 1\n    first y 2\n    first z 3\n',
    ]) {
      const program = readMps(`${head}${section}ENDATA`)
      expect(program.columnNames.slice(3)).toEqual(['first.x', 'first.y', 'first.z'])
    }
    expect(() => readMps(`${head}SOS\n    x 1\nENDATA`, 'm.mps')).toThrow(
      /m\.mps, line 16: a member comes before its set/,
    )
    expect(() =>
      readMps(`${head.replace(' UP b y 4\n', '').replace('L r', 'G r')}SOS\n S1 s\n x 1\n y 2\nENDATA`),
    ).toThrow(/'y' in the ordered set 's' needs an upper bound/)
  })

  it('lead to the right optimum: the best neighbours of five', async () => {
    const program = readLp(`max
 3 x1 + 4 x2 + 5 x3 + 1 x4 + 6 x5
st
 c: x1 + x2 + x3 + x4 + x5 <= 3
bounds
 x1 <= 2
 x2 <= 2
 x3 <= 1
 x4 <= 3
 x5 <= 1
sos2
 s: x1:1 x2:2 x3:3 x4:4 x5:5
end`)
    const { x, objective, status } = await runAsync(program, highs({ engine: highsInProcess() }))
    // x2 = 2 and x3 = 1 give 13; x5 = 1 with x4 = 2 only 8.
    expect([status, Math.abs(objective)]).toEqual(['converged', 13])
    expect(Array.from(x.slice(0, 5))).toEqual([0, 2, 1, 0, 0])
  })
})
