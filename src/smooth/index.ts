export * from './gradient-descent.ts'
