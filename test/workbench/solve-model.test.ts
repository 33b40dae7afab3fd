import { describe, expect, it } from 'vitest'
import { csrFromDense } from '../../src/linalg/index.ts'
import { mixedIntegerProgram, readModel } from '../../src/mip/index.ts'
import { contradiction, farm, knapsack } from '../../workbench/tools/solve-model/examples.ts'
import { addMoments, gapOf, incumbentsOf, searchSeries } from '../../workbench/tools/solve-model/moments.ts'
import { searchSolution, solutionToCsv } from '../../workbench/worker/solution-files.ts'
import type { SearchMoment } from '../../workbench/worker/solve-model-protocol.ts'

const moment = (seconds: number, objective: number | null, bound: number | null = 0): SearchMoment => ({
  seconds,
  objective,
  bound,
  nodes: Math.round(seconds),
})

describe('examples of models', () => {
  it('are models in LP format, the same every time', () => {
    for (const text of [farm, contradiction, knapsack(42, 8)]) expect(() => readModel(text, 'lp')).not.toThrow()
    const program = readModel(knapsack(42, 8), 'lp')
    expect([program.matrix.rows, program.matrix.cols, program.matrix.values.length]).toEqual([8, 42, 8 * 42])
    expect(program.types.every((type) => type === 'integer')).toBe(true)
    expect(knapsack(42, 8)).toBe(knapsack(42, 8))
  })
})

describe('moments of a search', () => {
  it('are thinned without losing an incumbent or the order', () => {
    let moments: readonly SearchMoment[] = []
    for (let i = 0; i < 5000; i++) moments = addMoments(moments, [moment(i, 1000 - Math.floor(i / 100))])
    expect(moments.length).toBeLessThanOrEqual(1200)
    expect(incumbentsOf(moments).map(({ objective }) => objective)).toEqual(
      Array.from({ length: 50 }, (_, k) => 951 + k),
    )
    for (let i = 1; i < moments.length; i++) expect(moments[i].seconds).toBeGreaterThan(moments[i - 1].seconds)
  })

  it('give staircases, and a gap only where both sides are known', () => {
    const moments = [moment(0, null, -10), moment(1, 5, -10), moment(2, 4, 3)]
    const { values, gaps } = searchSeries(moments, null)
    expect(values[0]).toMatchObject({ label: 'incumbent', x: [1, 2, 2], y: [5, 5, 4] })
    expect(values[1]).toMatchObject({ label: 'bound', x: [0, 1, 1, 2, 2], y: [-10, -10, -10, -10, 3] })
    expect(gaps[0]).toMatchObject({ x: [1, 2, 2], y: [3, 3, 0.25] })
    expect(gapOf(moment(0, null, 1))).toBeNull()
    expect(gapOf(moment(0, 0, 0.001))).toBeCloseTo(0.1, 12)
  })
})

describe('files of a solution', () => {
  const program = mixedIntegerProgram({
    objective: [1, 1, 1],
    matrix: csrFromDense({ rows: 1, cols: 3, data: Float64Array.of(1, 1, 1) }),
    columnNames: ['open[a,b]', 'Open[c]', 'flow'],
    types: ['integer', 'integer', 'continuous'],
    upper: [1, 1, Infinity],
  })
  const x = Float64Array.of(1, 0, 0.1)

  it('hold all digits, and names with commas survive a table', () => {
    expect(solutionToCsv(program, x).split('\n').slice(0, 2)).toEqual([
      'name,value,type,lower,upper',
      '"open[a,b]",1,integer,0,1',
    ])
  })

  it('are searched by name without regard to capitals, with the number of all that match', () => {
    const search = (words: string, nonzero = false, most = 10) => searchSolution(program, x, { words, nonzero, most })
    expect(search('open').rows.map(({ name }) => name)).toEqual(['open[a,b]', 'Open[c]'])
    expect(search('open', true).total).toBe(1)
    expect(search('', false, 1)).toMatchObject({ total: 3, rows: [{ name: 'open[a,b]', value: 1, upper: 1 }] })
  })
})
