/**
 * What people ask for in words, tables and files, turned into problems and methods: shared by the command line and the workbench,
 * so that both say the same about the same input.
 */
export * from './convergence-chart.ts'
export * from './curve-fit.ts'
export * from './curve-model.ts'
export * from './methods.ts'
export * from './point-clouds.ts'
export * from './problems.ts'
export * from './recorded-run.ts'
export * from './values.ts'
