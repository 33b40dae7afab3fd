import { describe, expect, it } from 'vitest'
import { compile, parseExpression } from '../../src/autodiff/index.ts'
import { numbersOf, parseNistDataset } from '../../src/data/index.ts'
import { curveFit } from '../../src/smooth/index.ts'
import { hasData, readData } from './shared-data.ts'

const names = [
  'BoxBOD',
  'Chwirut2',
  'DanWood',
  'Eckerle4',
  'Gauss1',
  'Hahn1',
  'Kirby2',
  'Lanczos3',
  'MGH09',
  'Misra1a',
  'Misra1c',
  'Misra1d',
  'Rat42',
  'Thurber',
]

/** Digits to which two numbers agree. */
function digits(found: number, certified: number): number {
  return -Math.log10(Math.abs(found - certified) / Math.abs(certified))
}

/** One dataset, with its model and the model's derivatives compiled from the text of the file. */
function prepare(name: string) {
  const data = parseNistDataset(readData(`nist-strd/${name}.dat`))
  const names = [...data.parameters, 'x']
  const { build } = parseExpression(data.model as string, { variables: names })
  const f = compile(
    (v) => build(Object.fromEntries(names.map((key, i) => [key, v.at(i)]))),
    [{ shape: [names.length] }],
  )
  const point = new Float64Array(names.length)
  const full = new Float64Array(names.length)
  const n = data.parameters.length
  return {
    data,
    x: numbersOf(data.table, 'x'),
    y: numbersOf(data.table, 'y'),
    model(x: number, b: Float64Array): number {
      point.set(b)
      point[n] = x
      return f.value(point)
    },
    gradient(x: number, b: Float64Array, out: Float64Array): void {
      point.set(b)
      point[n] = x
      f.gradient(point, full)
      for (let j = 0; j < n; j++) out[j] = full[j]
    },
  }
}

// The certified values have 11 digits. Both starts of all fourteen problems, one attempt each with default options.
describe.skipIf(!hasData('nist-strd'))(
  'NIST reference problems of nonlinear regression (skips without ../shared/data)',
  () => {
    for (const name of names) {
      for (const start of [0, 1]) {
        for (const exact of [true, false]) {
          it(`${name} from start ${start + 1}, ${exact ? 'exact derivatives' : 'differences'}`, () => {
            const { data, x, y, model, gradient } = prepare(name)
            const { certified } = data
            const fit = curveFit(model, x, y, data.starts[start], exact ? { gradient } : {})
            expect(fit.message).toMatch(/^Converged/)
            certified.parameters.forEach((value, j) => {
              expect(digits(fit.parameters[j], value), data.parameters[j]).toBeGreaterThan(6)
            })
            certified.standardDeviations.forEach((value, j) => {
              expect(digits(fit.standardErrors[j], value), `deviation of ${data.parameters[j]}`).toBeGreaterThan(5)
            })
            expect(digits(fit.residualSumOfSquares, certified.residualSumOfSquares)).toBeGreaterThan(8)
            expect(digits(fit.residualStandardDeviation, certified.residualStandardDeviation)).toBeGreaterThan(8)
            expect(fit.degreesOfFreedom).toBe(certified.degreesOfFreedom)
          })
        }
      }
    }
  },
)
