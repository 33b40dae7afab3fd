import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UnsupportedError } from '../../base/index.ts'
import { packageRoot } from '../package-root.ts'
import { type CommonOptions, exitCodes, type Session } from '../session.ts'

export interface BenchOptions extends CommonOptions {
  output?: string
}

/** `thalweg bench`: the benchmarks need their peers and are part of the repository, so they run from a checkout. */
export async function benchCommand(session: Session, rooms: readonly string[], options: BenchOptions): Promise<number> {
  const { folder } = packageRoot()
  const script = join(folder, 'bench', 'main.mjs')
  if (!existsSync(script)) {
    throw new UnsupportedError(
      'the benchmarks live in the repository, together with the peers that they measure against; run npm run bench in a checkout',
      { argument: 'bench', expected: 'a checkout of the repository', received: folder },
    )
  }
  const args = [
    script,
    ...rooms,
    ...(session.json ? ['--json'] : []),
    ...(options.output === undefined ? [] : ['--output', options.output]),
    ...(options.maxSeconds === undefined ? [] : ['--max-seconds', String(options.maxSeconds)]),
  ]
  return await new Promise<number>((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: 'inherit', cwd: folder })
    session.signal.addEventListener('abort', () => child.kill('SIGINT'))
    child.on('error', reject)
    child.on('exit', (code) => resolve(code === 0 || code === exitCodes.badInput ? code : exitCodes.notConverged))
  })
}
