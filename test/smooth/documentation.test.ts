import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import * as autodiff from '../../src/autodiff/index.ts'
import * as blackbox from '../../src/blackbox/index.ts'
import * as drawing from '../../src/drawing/index.ts'
import * as node from '../../src/node/index.ts'
import * as smooth from '../../src/smooth/index.ts'
import * as solver from '../../src/solver/index.ts'
import * as functions from '../../src/test-functions/index.ts'
import { testExamples } from '../documentation.ts'

testExamples(['everyday.md', 'blackbox.md'], {
  autodiff,
  blackbox,
  drawing,
  node,
  smooth,
  solver,
  'test-functions': functions,
  'node:fs': fs,
  'node:os': os,
  'node:path': path,
})
