export * from './checkpoint.ts'
export { readTextFile, writeFileAtomically } from './files.ts'
export * from './parallel-evaluation.ts'
export * from './run-file.ts'
