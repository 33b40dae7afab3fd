import { availableParallelism, cpus } from 'node:os'
import { builtSlugs, papers } from '../../../experiments/index.ts'
import { engineInfo } from '../../linalg/index.ts'
import { methods } from '../../registry.ts'
import { engineReport } from '../engines.ts'
import { packageRoot } from '../package-root.ts'
import { exitCodes, type Session } from '../session.ts'
import { describeEntry } from './list.ts'

/** `thalweg info`: this installation, or one method. */
export async function infoCommand(session: Session, slug: string | undefined): Promise<number> {
  if (slug !== undefined) return describeEntry(session, slug)
  const { version } = packageRoot()
  const { engine, library, threads, openblasAvailable, openblasProblem } = engineInfo()
  const solvers = await engineReport()
  const info = {
    version,
    engine,
    kernels: library,
    threads,
    openblasAvailable,
    openblasProblem: openblasProblem ?? null,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    solvers,
    methods: methods.length,
    papers: { built: builtSlugs().length, all: papers.length },
  }
  session.answer(info)
  session.say()
  session.say(`  thalweg    ${version}`)
  session.say(`  node       ${info.node} on ${info.platform}`)
  session.say(`  processor  ${info.processor}, ${info.cores} threads`)
  session.say(`  engine     ${engine}: ${library}, ${threads} thread${threads === 1 ? '' : 's'}`)
  if (!openblasAvailable) session.paragraph(`no OpenBLAS: ${openblasProblem}`, 'gray', 13)
  const usable = solvers.filter(({ available }) => available).map(({ name }) => name)
  session.say(`  solvers    ${usable.join(', ') || 'none'} (engines of mixed-integer programs)`)
  for (const { name, available, reason } of solvers) {
    if (!available) session.paragraph(`no ${name}: ${reason}`, 'gray', 13)
  }
  session.say(`  methods    ${info.methods}; papers with claims to re-run: ${info.papers.built} of ${info.papers.all}`)
  session.say()
  return exitCodes.solved
}
