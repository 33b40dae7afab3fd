import * as mip from '../../src/mip/index.ts'
import * as solver from '../../src/solver/index.ts'
import { testExamples } from '../documentation.ts'

testExamples(['mip.md'], { mip, solver })
