import { csrFromDense, denseFromRows } from '../../src/linalg/index.ts'
import { type MixedIntegerParts, type MixedIntegerProgram, mixedIntegerProgram } from '../../src/mip/index.ts'
import type { Fixture } from './fixtures.ts'

const parts: MixedIntegerParts = {
  name: 'three products on two machines',
  sense: 'maximize',
  objective: [7, 5, 4.5],
  matrix: csrFromDense(
    denseFromRows([
      [6, 4, 3],
      [1, 2, 2],
    ]),
  ),
  rowUpper: [24.5, 9],
  upper: [10, 10, 10],
  types: ['integer', 'integer', 'continuous'],
  start: [1, 1, 0.5],
}

const easyProgram = (): MixedIntegerProgram => mixedIntegerProgram(parts)
const changed = (change: Partial<MixedIntegerParts>) => (): MixedIntegerProgram =>
  mixedIntegerProgram({ ...parts, ...change })

export const mixedIntegerFixture: Fixture = {
  problemClass: 'mixed-integer',
  problem: easyProgram,
  // Solved at the first attempt, before anything is drawn.
  seedMatters: false,
  finite: (x) => (x as Float64Array).every(Number.isFinite),
  refused: [
    {
      what: 'NaN in the objective',
      attempt: changed({ objective: [1, NaN, 2] }),
      message: /objective\[1\].*finite.*NaN/,
    },
    { what: 'too few bounds', attempt: changed({ upper: [1, 2] }), message: /upper has length 2.*upper.length === 3/ },
    { what: 'a name twice', attempt: changed({ columnNames: ['a', 'b', 'a'] }), message: /columnNames\[2\].*"a"/ },
    {
      what: 'an unknown type',
      attempt: changed({ types: ['integer', 'binary' as never, 'integer'] }),
      message: /types\[1\]/,
    },
    { what: 'a start of another length', attempt: easyProgram, start: [1, 2], message: /start has length 2/ },
    {
      what: 'an infinite coefficient',
      attempt: changed({
        matrix: csrFromDense(
          denseFromRows([
            [1, Infinity, 0],
            [0, 0, 1],
          ]),
        ),
      }),
      message: /matrix.values\[1\] \(row 0, column 1\).*Infinity/,
    },
  ],
}
