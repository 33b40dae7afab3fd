import { serveHighs } from '../../src/mip/index.ts'

// The engine of the workers that solve models: it holds its thread while it searches.
serveHighs()
