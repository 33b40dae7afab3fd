export { type CsvOptions, parseCsv } from './csv.ts'
export * from './libsvm.ts'
export * from './nist.ts'
export { type DataTable, numberFromText, numbersOf, numericColumns } from './table.ts'
