/**
 * The few names most people need. Everything else is in the rooms: `thalweg/smooth`, `thalweg/linalg`, `thalweg/autodiff`,
 * `thalweg/solver`...
 *
 * @packageDocumentation
 */
export * from './smooth/index.ts'
export * from './solver/index.ts'
