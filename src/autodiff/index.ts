export * from './differences.ts'
