import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UnsupportedError } from '../../base/index.ts'
import { serveFolder } from '../../node/index.ts'
import { packageRoot } from '../package-root.ts'
import { type CommonOptions, exitCodes, type Session } from '../session.ts'

export interface ServeCommandOptions extends CommonOptions {
  host?: string
  port?: number
}

/** The port that `thalweg serve` takes when none is given. */
export const defaultPort = 4180

/** `thalweg serve`: the workbench in a browser, from this machine, until Ctrl-C. */
export async function serveCommand(session: Session, options: ServeCommandOptions): Promise<number> {
  const folder = join(packageRoot().folder, 'dist', 'workbench')
  if (!existsSync(folder)) {
    throw new UnsupportedError('the workbench is not built yet; run npm run build', {
      argument: folder,
      expected: 'the built workbench',
      received: 'nothing',
    })
  }
  const { address, close } = await serveFolder(folder, {
    port: options.port ?? defaultPort,
    ...(options.host !== undefined && { host: options.host }),
  })
  session.answer({ address })
  session.say()
  session.say(`  The workbench is at ${address}`)
  session.say('  Press Ctrl-C to stop.')
  session.say()
  await new Promise<void>((resolve) => {
    if (session.signal.aborted) resolve()
    else session.signal.addEventListener('abort', () => resolve())
  })
  await close()
  return exitCodes.solved
}
