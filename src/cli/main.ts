#!/usr/bin/env node
import { main } from './cli.ts'

// A reader that has seen enough (`thalweg list | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await main(process.argv, {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  onInterrupt(listener) {
    let interrupted = 0
    const onSignal = (): void => {
      if (++interrupted > 1) process.exit(130)
      listener()
    }
    process.on('SIGINT', onSignal)
    return () => process.off('SIGINT', onSignal)
  },
})
