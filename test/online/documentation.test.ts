import * as online from '../../src/online/index.ts'
import * as solver from '../../src/solver/index.ts'
import { testExamples } from '../documentation.ts'

testExamples(['online.md', 'methods/optimistic-mirror-descent.md'], { online, solver })
