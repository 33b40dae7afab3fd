import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { csvFormatRows } from 'd3-dsv'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidInputError, ParseError } from '../../src/base/index.ts'
import {
  isNistDataset,
  numberFromText,
  numbersOf,
  numericColumns,
  parseCsv,
  parseLibsvm,
  parseNistDataset,
} from '../../src/data/index.ts'
import { nistExample } from './nist-example.ts'

function caught(action: () => unknown): ParseError {
  try {
    action()
  } catch (error) {
    return error as ParseError
  }
  throw new Error('expected an error')
}

describe('numberFromText', () => {
  it.each([
    ['1.5', 1.5],
    [' -.5 ', -0.5],
    ['+3.', 3],
    ['1e-3', 1e-3],
    ['10.07E0', 10.07],
    ['1.5D+3', 1500],
  ])('reads %j', (text, value) => expect(numberFromText(text)).toBe(value))

  it.each(['', ' ', 'abc', '1,5', '1.2.3', 'NaN', 'Infinity', '1e999', '0x10', '1 2', '--1'])('refuses %j', (text) =>
    expect(numberFromText(text)).toBeNull(),
  )

  it('reads whatever String writes', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(numberFromText(String(value)) === value).toBe(true)
      }),
    )
  })
})

describe('CSV', () => {
  it('reads a header and columns of numbers', () => {
    const table = parseCsv('x,y\n1,2\n3,4e-1\n')
    expect(table.columns).toEqual(['x', 'y'])
    expect(numbersOf(table, 'x')).toEqual(Float64Array.of(1, 3))
    expect(numbersOf(table, 'y')).toEqual(Float64Array.of(2, 0.4))
  })

  it('reads back any table that was written', () => {
    const cell = fc.string({ maxLength: 6 })
    fc.assert(
      fc.property(
        fc
          .integer({ min: 2, max: 4 })
          .chain((n) => fc.array(fc.array(cell, { minLength: n, maxLength: n }), { minLength: 1 })),
        (rows) => {
          const header = rows[0].map((_, j) => `c${j}`)
          const table = parseCsv(csvFormatRows([header, ...rows]), { delimiter: ',' })
          expect(table.columns).toEqual(header)
          expect(table.cells).toEqual(rows)
        },
      ),
    )
  })

  it('finds semicolons and tabs, a byte order mark, Windows line ends and empty lines', () => {
    expect(numbersOf(parseCsv('\ufeffa;b\r\n1;2\r\n\r\n3;4'), 'a')).toEqual(Float64Array.of(1, 3))
    expect(numbersOf(parseCsv('a\tb\n1\t2\n'), 'b')).toEqual(Float64Array.of(2))
  })

  it('names the columns of a file without a header', () => {
    const table = parseCsv('1,2\n3,4\n')
    expect(table.columns).toEqual(['column1', 'column2'])
    expect(numbersOf(table, 'column2')).toEqual(Float64Array.of(2, 4))
  })

  it('needs numbers only in the columns that are used', () => {
    const table = parseCsv('name,x\nfirst,1\nsecond,2\n')
    expect(numbersOf(table, 'x')).toEqual(Float64Array.of(1, 2))
    expect(numericColumns(table)).toEqual(['x'])
  })

  it.each([
    ['', 'the file is empty'],
    ['\n \n', 'the file is empty'],
    ['x,y\n', 'a header but no row'],
    ['x,y\n1,2\n3\n', 'data.csv, line 3: expected 2 fields as in line 1, got 1 field'],
    ['x,y\n1,2,3\n', 'line 2: expected 2 fields'],
    ['x,\n1,2\n', 'line 1: column 2 has no name'],
    ['x,y\n1,"2\n3,4\n', 'line 2: a quote is opened and never closed'],
    ['PK\u0003\u0004\u0000\u0000', 'not a text file'],
  ])('refuses %j', (text, message) => {
    const error = caught(() => parseCsv(text, { source: 'data.csv' }))
    expect(error).toBeInstanceOf(ParseError)
    expect(error.code).toBe('parse-failed')
    expect(error.message).toContain(message)
    expect(error.expected).toBeDefined()
  })

  it('names line and column of a cell that is not a number, also after line breaks inside quotes', () => {
    const table = parseCsv('note,x\n"two\nlines",1\nplain,abc\nplain,\n', { source: 'data.csv' })
    const error = caught(() => numbersOf(table, 'x'))
    expect(error).toBeInstanceOf(ParseError)
    expect(error.message).toBe(`data.csv, line 4: expected a number in column 'x', got "abc"`)
    expect(error.argument).toBe('data.csv:4')
    expect(caught(() => numbersOf(parseCsv('x,y\n1,\n'), 'y')).message).toContain('an empty cell')
  })

  it('suggests the nearest column', () => {
    const table = parseCsv('pressure,volume\n1,2\n')
    const error = caught(() => numbersOf(table, 'presure'))
    expect(error).toBeInstanceOf(InvalidInputError)
    expect(error.message).toContain("did you mean 'pressure'?")
    expect(() => numbersOf(parseCsv('x,x\n1,2\n'), 'x')).toThrow('more than one')
  })

  it('refuses a delimiter that is none', () => {
    expect(() => parseCsv('a\n', { delimiter: '' })).toThrow(InvalidInputError)
    expect(() => parseCsv('a\n', { delimiter: '"' })).toThrow(InvalidInputError)
  })
})

describe('LIBSVM', () => {
  it('reads labels and sparse rows', () => {
    const data = parseLibsvm('+1 1:0.5 3:-2\n# note\n-1 2:1 # end\n0\n')
    expect(data.labels).toEqual(Float64Array.of(1, -1, 0))
    expect(data.features).toMatchObject({ rows: 3, cols: 3 })
    expect(data.features.rowPointers).toEqual(Int32Array.of(0, 2, 3, 3))
    expect(data.features.columnIndices).toEqual(Int32Array.of(0, 2, 1))
    expect(data.features.values).toEqual(Float64Array.of(0.5, -2, 1))
    expect(parseLibsvm('1 1:1', { featureCount: 5 }).features.cols).toBe(5)
  })

  it.each([
    ['a 1:1', 'line 1: expected a numeric label'],
    ['1 1:1\n1 0:1', 'line 2: expected index:value'],
    ['1 1:x', 'line 1: expected index:value'],
    ['1 2:1 2:3', 'line 1: feature indices must increase, but 2 follows 2'],
    ['', 'there are no examples'],
  ])('refuses %j', (text, message) => {
    const error = caught(() => parseLibsvm(text))
    expect(error).toBeInstanceOf(ParseError)
    expect(error.message).toContain(message)
  })

  it('refuses too small a feature count', () => {
    expect(() => parseLibsvm('1 4:1', { featureCount: 3 })).toThrow('>= 4')
  })
})

describe('NIST datasets', () => {
  it('reads model, starts, certified values and observations', () => {
    const text = nistExample()
    expect(isNistDataset(text)).toBe(true)
    const data = parseNistDataset(text)
    expect(data.name).toBe('Decay')
    expect(data.response).toBe('y')
    expect(data.model).toBe('b1*exp(-b2*x)')
    expect(data.parameters).toEqual(['b1', 'b2'])
    expect(data.starts).toEqual([Float64Array.of(1, 1), Float64Array.of(1.8, 0.4)])
    expect(data.certified.parameters).toEqual(Float64Array.of(2, 0.5))
    expect(data.certified.degreesOfFreedom).toBe(3)
    expect(data.table.columns).toEqual(['y', 'x'])
    expect(numbersOf(data.table, 'x')).toEqual(Float64Array.of(0, 1, 2, 3, 4))
  })

  it('reads Windows line ends the same', () => {
    expect(parseNistDataset(nistExample().replace(/\n/g, '\r\n')).starts).toEqual(
      parseNistDataset(nistExample()).starts,
    )
  })

  it('translates brackets, powers, transformed responses and formulas over several lines', () => {
    const model = `               pi = 3.141592653589793
               log[y] = b1 * exp[ -(x-b2)**2 ] +
                        arctan[x]/pi  +  e`
    const data = parseNistDataset(nistExample({ model }))
    expect(data.response).toBe('log(y)')
    expect(data.model).toBe('b1 * exp( -(x-b2)^2 ) + atan(x)/pi')
  })

  it('leaves a model that is prose to the caller', () => {
    const data = parseNistDataset(nistExample({ model: '               see the reference' }))
    expect(data.model).toBeNull()
    expect(data.parameters).toHaveLength(2)
  })

  it.each([
    [
      'a cut-off file',
      (text: string) => text.slice(0, -30),
      /promises 5 observations, but there are 4|expected 2 numbers/,
    ],
    ['a missing head', (text: string) => text.slice(10), /first line/],
    ['no certified values', (text: string) => text.replace(/Certified Values\n/, '\n'), /Certified Values/],
    ['a damaged start', (text: string) => text.replace('1.8', 'x.8'), /line 21: expected two starts/],
    ['no observations', (text: string) => text.replace('Data:   y ', 'Date:   y '), /names of the columns/],
    [
      'no sum of squares',
      (text: string) => text.replace('Residual Sum of Squares: ', 'Sum: '),
      /Residual Sum of Squares/,
    ],
  ])('refuses %s', (_, damage, message) => {
    const error = caught(() => parseNistDataset(damage(nistExample())))
    expect(error).toBeInstanceOf(ParseError)
    expect(error.message).toMatch(message)
  })

  const folder = '../shared/data/nist-strd'
  it.skipIf(!existsSync(folder))('reads the distributed files, and the certified values fit the data', () => {
    const files = readdirSync(folder).filter((file) => file.endsWith('.dat'))
    expect(files.length).toBeGreaterThan(0)
    for (const file of files) {
      const data = parseNistDataset(readFileSync(`${folder}/${file}`, 'utf8'), { source: file })
      const { residualSumOfSquares, residualStandardDeviation, degreesOfFreedom } = data.certified
      expect(data.model, file).not.toBeNull()
      expect(data.table.cells.length - data.parameters.length, file).toBe(degreesOfFreedom)
      // The two certified numbers are the same statement: s = sqrt(RSS / degrees of freedom).
      expect(residualStandardDeviation / Math.sqrt(residualSumOfSquares / degreesOfFreedom), file).toBeCloseTo(1, 6)
    }
  })
})
