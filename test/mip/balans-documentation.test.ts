import * as base from '../../src/base/index.ts'
import * as mip from '../../src/mip/index.ts'
import * as solver from '../../src/solver/index.ts'
import { testExamples } from '../documentation.ts'

testExamples(['methods/balans.md'], { base, mip, solver })
