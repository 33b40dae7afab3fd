import { existsSync, readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ParseError, UnsupportedError } from '../../src/base/index.ts'
import { csrFromDense } from '../../src/linalg/index.ts'
import { highsModelData } from '../../src/mip/highs-model-data.ts'
import { highsRuntime } from '../../src/mip/highs-runtime.ts'
import {
  type ColumnType,
  type MixedIntegerProgram,
  mixedIntegerProgram,
  modelFormat,
  readModel,
  writeModel,
} from '../../src/mip/index.ts'
import { instances } from './support.ts'

/** All that a program says, for comparison. */
function contents({ class: _, name: __, ...program }: MixedIntegerProgram) {
  return program
}

const mps = (body: string): MixedIntegerProgram => readModel(`NAME t\n${body}\nENDATA\n`, 'mps', 't.mps')

const rows = `ROWS
 N cost
 L low
 G high
 E same
COLUMNS
 x cost 1 low 1
 x high 1 same 1
 y low 2 same -1`

describe('MPS', () => {
  it('turns ranges into the two bounds that the type of the row says', () => {
    const program = mps(`${rows}\nRHS\n RHS low 4 high 3\n RHS same 5\nRANGES\n R low 2.5 high -1\n R same -2`)
    expect([...program.rowLower]).toEqual([1.5, 3, 3])
    expect([...program.rowUpper]).toEqual([4, 4, 5])
    expect([...mps(`${rows}\nRHS\n RHS same 5\nRANGES\n R same 2`).rowUpper].at(-1)).toBe(7)
  })

  it('takes minus the right-hand side of the objective as its constant, with or without a name of the set', () => {
    expect(mps(`${rows}\nRHS\n RHS cost -7`).offset).toBe(7)
    expect(mps(`${rows}\nRHS\n cost 7 low 1`)).toMatchObject({ offset: -7 })
  })

  it('knows every type of bound', () => {
    const names = [...'abcdefghijklm']
    const columns = names.map((name) => ` ${name} cost 1 r 1`).join('\n')
    const bounds = ` LO B a 1
 UP B b 2
 FX B c 3
 FR B d
 MI B e
 PL B f
 BV B g
 LI B h -2
 UI B i 9
 SC B j 5
 LO B j 2
 SI B k 6
 UP B l -1
 UP m 1e30`
    const program = mps(`ROWS\n N cost\n L r\nCOLUMNS\n${columns}\nBOUNDS\n${bounds}`)
    expect([...program.lower]).toEqual([1, 0, 3, -Infinity, -Infinity, 0, 0, -2, 0, 2, 0, -Infinity, 0])
    expect([...program.upper]).toEqual([
      Infinity,
      2,
      3,
      Infinity,
      Infinity,
      Infinity,
      1,
      Infinity,
      9,
      5,
      6,
      -1,
      Infinity,
    ])
    expect(program.types.map((type) => type[0] + type.at(-1))).toEqual([
      'cs',
      'cs',
      'cs',
      'cs',
      'cs',
      'cs',
      'ir',
      'ir',
      'ir',
      'ss',
      'sr',
      'cs',
      'cs',
    ])
  })

  it('puts integers between markers into [0, 1] unless they have bounds', () => {
    const columns = " M1 'MARKER' 'INTORG'\n x cost 1\n y cost 1\n M2 'MARKER' 'INTEND'\n z cost 1"
    const program = mps(`ROWS\n N cost\nCOLUMNS\n${columns}\nBOUNDS\n LO B y 0`)
    expect(program.types).toEqual(['integer', 'integer', 'continuous'])
    expect([...program.upper]).toEqual([1, Infinity, Infinity])
  })

  it('reads the sense, a quadratic objective in three spellings, and Fortran exponents', () => {
    const q = (section: string, entries: string) => mps(`OBJSENSE\n MAX\n${rows}\n${section}\n${entries}`).quadratic!
    const triangle = q('QUADOBJ', ' x x -2\n x y 1.D0\n y y -4')
    expect([...triangle.values]).toEqual([-2, 1, -4])
    expect(q('QSECTION cost', ' x x -2\n y x 1\n y y -4')).toEqual(triangle)
    expect(q('QMATRIX', ' x x -2\n x y 1\n y x 1\n y y -4')).toEqual(triangle)
    expect(mps(`OBJSENSE MAXIMIZE\n${rows}`).sense).toBe('maximize')
  })

  it('reads names with spaces in fixed format', () => {
    const text = `NAME          FIXED
ROWS
 N  COST
 G  ROW ONE
COLUMNS
    COL A     COST               1.0   ROW ONE            2.0
    COL B     COST               3.0
RHS
    RHS       ROW ONE            4.0
BOUNDS
 UP BND       COL A              8.0
ENDATA
`
    const program = readModel(text, 'mps')
    expect(program.columnNames).toEqual(['COL A', 'COL B'])
    expect(program.rowNames).toEqual(['ROW ONE'])
    expect([...program.objective, ...program.matrix.values, ...program.rowLower]).toEqual([1, 3, 2, 4])
    expect(program.upper[0]).toBe(8)
  })

  it.each([
    ['ROWS\n N cost\n Q r', /line 4: 'Q r' is no row/],
    ['ROWS\n N cost\n L r\n L r', /line 5: row 'r' appears twice/],
    [`${rows}\n y nowhere 1`, /line 11: there is no row 'nowhere'/],
    [`${rows}\n y high one`, /line 11: 'one' is not a finite number/],
    [`${rows}\n y high nan`, /'nan' is not a finite number/],
    [`${rows}\n y low 2`, /'y' has two entries in row 'low'/],
    [`${rows}\n z low 2\n x cost 3`, /column 'x' appears in two places/],
    [`${rows}\nRHS\n RHS low`, /'RHS' is not|there is no row 'RHS'/],
    [`${rows}\nBOUNDS\n XX B x 1`, /'XX' is no type of bound/],
    [`${rows}\nBOUNDS\n UP B w 1`, /there is no column 'w'/],
    ['ROWS\n L r\nCOLUMNS\n x r 1', /no row of type N/],
    ['OBJSENSE\n SIDEWAYS', /sense of the objective is 'SIDEWAYS'/],
  ])('refuses %j', (body, message) => {
    expect(() => mps(body)).toThrow(ParseError)
    expect(() => mps(body)).toThrow(message)
  })

  it('refuses a file that ends early, and what it does not support', () => {
    expect(() => readModel('NAME t\nROWS\n N cost\n', 'mps')).toThrow(/without ENDATA/)
    expect(() => readModel('', 'mps')).toThrow(ParseError)
    expect(() => mps(`${rows}\nQCMATRIX low\n x x 1`)).toThrow(/quadratic constraints/)
  })
})

const lp = (text: string): MixedIntegerProgram => readModel(text, 'lp', 't.lp')

describe('LP format', () => {
  it('reads what people write', () => {
    const program = lp(`\\ a comment
MAXIMISE
 profit: 3 x + 2.5y - 4 + 1e1 z[1,2] \\ another
such that
 c1: x + y <= 4
 1 <= x - 2 y + 3 <= 1e1
 -x - y => -8
 limit: 7 >= z[1,2]
Bounds
 x <= 3
 -inf <= y <= 2
 -1 <= z[1,2]
 w free
generals
 x
Binary
 b
semi-continuous
 y
End`)
    expect(program).toMatchObject({ sense: 'maximize', offset: -4, rowNames: ['c1', 'R1', 'R2', 'limit'] })
    expect(program.columnNames).toEqual(['x', 'y', 'z[1,2]', 'w', 'b'])
    expect([...program.objective]).toEqual([3, 2.5, 10, 0, 0])
    expect([...program.rowLower]).toEqual([-Infinity, -2, -8, -Infinity])
    expect([...program.rowUpper]).toEqual([4, 7, Infinity, 7])
    expect([...program.lower]).toEqual([0, -Infinity, -1, -Infinity, 0])
    expect([...program.upper]).toEqual([3, 2, Infinity, Infinity, 1])
    expect(program.types).toEqual(['integer', 'semi-continuous', 'continuous', 'continuous', 'integer'])
  })

  it('reads a quadratic objective: [ ... ] / 2 is half of what stands inside', () => {
    const { quadratic } = lp('min\n obj: x + [ 2 x^2 - 3 x * y + 4 y ^ 2 ] / 2\nst\n x + y >= 1\nend')
    expect([...quadratic!.values]).toEqual([2, -1.5, 4])
    expect([...lp('min\n [ x^2 ]\nst\n x >= 1\nend').quadratic!.values]).toEqual([2])
  })

  it('adds up terms of the same variable', () => {
    expect([...lp('min\n x + x\nst\n c: 2 x - x + 3 y >= 1\nend').matrix.values]).toEqual([1, 3])
  })

  it.each([
    ['x + y', /cannot begin with 'x'/],
    ['', /there is no model/],
    ['min\n x y\nst\n x >= 1', /line 2: 'y' cannot stand here/],
    ['min\n x\nst\n x + y\nend', /expected <=, >= or =/],
    ['min\n x\nst\n x >= y\nend', /line 4: 'y' cannot stand here; expected a number/],
    ['min\n x\nst\n c: x >= 1\n c: x >= 2\nend', /constraint 'c' appears twice/],
    ['min\n x\nst\n x >= 1\nbounds\n x ? 3\nend', /cannot stand here/],
    ['min\n x +\nst\n x >= 1', /expected a term/],
    ['min\n x\nst\n x >= 1\nend\nmore', /comes after End/],
  ])('refuses %j', (text, message) => {
    expect(() => lp(text)).toThrow(ParseError)
    expect(() => lp(text)).toThrow(message)
  })

  it('says what it does not support', () => {
    expect(() => lp('min\n x\nst\n b = 1 -> x >= 1\nend')).toThrow(UnsupportedError)
    expect(() => lp('min\n x\nst\n x + [ x^2 ] <= 1\nend')).toThrow(/quadratic constraints/)
  })
})

const bound = fc.oneof(
  fc.constant(Infinity),
  fc.integer({ min: -9, max: 9 }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
)
const coefficient = fc.oneof(
  fc.constant(0),
  fc.integer({ min: -5, max: 5 }),
  fc.double({ min: -1e9, max: 1e9, noNaN: true }),
)

/** Programs of up to four columns and three rows, of every kind that both formats can hold. */
const programs = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 3 }), fc.boolean())
  .chain(([n, m, quadratic]) =>
    fc.record({
      n: fc.constant(n),
      sense: fc.constantFrom('minimize' as const, 'maximize' as const),
      offset: coefficient,
      objective: fc.array(coefficient, { minLength: n, maxLength: n }),
      entries: fc.array(coefficient, { minLength: m * n, maxLength: m * n }),
      rows: fc.array(fc.tuple(bound, bound), { minLength: m, maxLength: m }),
      columns: fc.array(fc.tuple(bound, bound), { minLength: n, maxLength: n }),
      types: fc.array(fc.constantFrom<ColumnType>('continuous', 'integer', 'semi-continuous', 'semi-integer'), {
        minLength: n,
        maxLength: n,
      }),
      q: fc.array(quadratic ? fc.integer({ min: -9, max: 9 }) : fc.constant(0), { minLength: n, maxLength: n }),
    }),
  )
  .map(({ n, sense, offset, objective, entries, rows, columns, types, q }) =>
    mixedIntegerProgram({
      sense,
      offset,
      objective,
      matrix: csrFromDense({ rows: rows.length, cols: n, data: Float64Array.from(entries) }),
      rowLower: rows.map(([a, b]) => Math.min(a, b === Infinity ? -Infinity : b)),
      rowUpper: rows.map(([a, b]) => Math.max(a, b)),
      // A negative upper bound has a meaning of its own where there is no lower one, and semi-continuous columns begin at 0.
      lower: columns.map(([a, b], j) =>
        types[j].startsWith('semi') ? 0 : Math.min(a, b === Infinity ? -Infinity : b),
      ),
      upper: columns.map(([a, b], j) => (types[j].startsWith('semi') ? Math.abs(a) + 1 : Math.max(a, b))),
      types,
      quadratic: {
        columnPointers: Int32Array.from({ length: n + 1 }, (_, j) => q.slice(0, j).filter((v) => v !== 0).length),
        rowIndices: Int32Array.from(q.flatMap((v, j) => (v === 0 ? [] : [j]))),
        values: Float64Array.from(q.filter((v) => v !== 0)),
      },
    }),
  )

describe('writing', () => {
  it.each(['mps', 'lp'] as const)('%s reads back to the same program, all digits kept', (format) => {
    fc.assert(
      fc.property(programs, (program) => {
        const again = contents(readModel(writeModel(program, format), format))
        const wanted = contents(program)
        // The upper end of a range may come back one rounding away in MPS.
        again.rowLower.forEach((value, i) => {
          if (format === 'mps') expect(value).toBeCloseTo(wanted.rowLower[i], 6)
        })
        const bounds = format === 'mps' ? { rowLower: wanted.rowLower, rowUpper: wanted.rowUpper } : {}
        expect({ ...again, ...bounds }).toEqual(wanted)
      }),
      { numRuns: 150 },
    )
  })

  it('changes only names that the format cannot hold', () => {
    const program = mixedIntegerProgram({
      objective: [1, 1, 1],
      matrix: csrFromDense({ rows: 1, cols: 3, data: Float64Array.of(1, 1, 1) }),
      columnNames: ['open[New York]', 'open[New_York]', '3rd'],
      rowNames: ['end'],
      rowLower: [1],
    })
    const names = (format: 'mps' | 'lp') => {
      const { columnNames, rowNames } = readModel(writeModel(program, format), format)
      return [...columnNames, ...rowNames]
    }
    expect(names('mps')).toEqual(['open[New_York]_2', 'open[New_York]', '3rd', 'end'])
    expect(names('lp')).toEqual(['open[New_York]_2', 'open[New_York]', 'C3', 'R1'])
  })

  it('knows the format by the name of the file', () => {
    expect(modelFormat('a/b.MPS.gz')).toBe('mps')
    expect(modelFormat('b.lp')).toBe('lp')
    expect(() => modelFormat('b.txt')).toThrow(/must end in .mps, .lp/)
  })
})

describe.skipIf(instances === undefined)('files of others (skipped where they are absent)', () => {
  it('agree with what HiGHS reads, where HiGHS reads them', async () => {
    const highs = await highsRuntime()
    // HiGHS cannot read the comments of comment.mps, takes a column of silly-names.mps for a section, and ends at
    // correctness_mk_5.lp.
    const known = ['comment.mps', 'silly-names.mps', 'correctness_mk_5.lp']
    const files = readdirSync(instances!).filter((name) => !/garbage|nan0/.test(name) && !known.includes(name))
    expect(files.length).toBeGreaterThan(20)
    for (const file of files) {
      const text = readFileSync(`${instances}/${file}`, 'utf8')
      const ours = highsModelData(readModel(text, modelFormat(file), file))
      const model = highs.createModel({ format: modelFormat(file), data: text })
      const theirs = model.getModel('csr')
      model.dispose()
      for (const part of ['colCost', 'colLower', 'colUpper', 'rowLower', 'rowUpper', 'offset', 'sense'] as const) {
        expect(theirs[part], `${part} of ${file}`).toEqual(ours[part])
      }
      expect([...theirs.matrix.values]).toEqual([...ours.matrix.values])
      expect([...theirs.matrix.indices]).toEqual([...ours.matrix.indices])
      expect([...theirs.integrality]).toEqual(ours.integrality ?? new Array(ours.numCols).fill(0))
      expect([...(theirs.hessian?.values ?? [])]).toEqual([...(ours.hessian?.values ?? [])])
    }
  })

  it('are read where HiGHS does not, and refused where they are garbage', () => {
    const read = (file: string) => readModel(readFileSync(`${instances}/${file}`, 'utf8'), modelFormat(file), file)
    expect(read('silly-names.mps').columnNames).toEqual(['C0', 'OBJSENSE', 'RANGES', 'RHS', 'C1'])
    expect(read('comment.mps')).toMatchObject({ columnNames: ['C0', 'C1'], rowNames: ['R0', 'R1', 'R2'] })
    expect(read('correctness_mk_5.lp').types.length).toBe(16000)
    for (const file of ['garbage.mps', 'garbage.lp', 'nan0.mps']) {
      expect(() => read(file)).toThrow(ParseError)
      expect(() => read(file)).toThrow(new RegExp(`^${file}, line \\d+: `))
    }
    expect(existsSync(`${instances}/afiro.mps`)).toBe(true)
  })
})
