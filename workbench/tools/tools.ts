import type { ComponentType } from 'preact'

/** A page that works on the reader's own data. */
export interface Tool {
  /** Its address is `#/tools/<slug>`. */
  readonly slug: string
  readonly title: string
  /** One plain sentence for the list of tools. */
  readonly summary: string
  /** Loads the page's component when it is opened. */
  load(): Promise<ComponentType<object>>
}

/** The tools. The one list to add a tool to; workbench/README.md says how a tool page is made. */
export const tools: readonly Tool[] = [
  {
    slug: 'solve',
    title: 'Solve a model',
    summary: 'A linear or mixed-integer program from an MPS or LP file, or written here; watch the gap close.',
    load: async () => (await import('./solve-model.tsx')).SolveModel,
  },
  {
    slug: 'minimize',
    title: 'Minimize an expression',
    summary: 'Type a function of a few variables, click where to start, and see the path.',
    load: async () => (await import('./minimize-expression.tsx')).MinimizeExpression,
  },
  {
    slug: 'fit',
    title: 'Fit a curve',
    summary: 'A model of your own on the columns of a CSV table: parameters with standard errors, curve and residuals.',
    load: async () => (await import('./fit-curve.tsx')).FitCurve,
  },
  {
    slug: 'transport',
    title: 'Transport',
    summary: 'Draw two clouds of points and move one to the other, or give a picture the colours of another.',
    load: async () => (await import('./transport-points.tsx')).TransportPoints,
  },
  {
    slug: 'replay',
    title: 'Replay a run',
    summary: 'A run file from the command line or from a method page: scrub through it, and go on from any iterate.',
    load: async () => (await import('./replay-run.tsx')).ReplayRun,
  },
]
