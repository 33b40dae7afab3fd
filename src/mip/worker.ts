import { serveHighs } from './highs-workers.ts'

// The module that threads of Node run.
serveHighs()
