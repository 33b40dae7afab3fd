export * from './checkpoint.ts'
export { readTextFile, writeFileAtomically } from './files.ts'
export * from './run-file.ts'
