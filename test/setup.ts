import fc from 'fast-check'

// Property-based tests draw the same examples on every run, so that a failure on one machine is a failure on all.
fc.configureGlobal({ seed: 20_260_101 })
