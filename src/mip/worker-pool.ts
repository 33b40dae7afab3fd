import type { WorkerPort } from '../base/index.ts'
import type { EngineReply, EngineRequest } from './engine-protocol.ts'

/** Idle workers that an engine keeps: starting one and compiling HiGHS takes longer than many a solve. */
const SPARE_WORKERS = 2

/** The line to a worker that calls `serveHighs`. */
export type EnginePort = WorkerPort<EngineRequest, EngineReply>

/** A started worker, and the session that it works for at the moment. */
export interface Line {
  readonly port: EnginePort
  owner: { receive(line: Line, reply: EngineReply): void; lose(line: Line, reason: string): void } | null
}

/** The workers of an engine: those that are idle are handed out again. */
export class Workers {
  private readonly start: () => EnginePort
  private readonly compile: () => Promise<WebAssembly.Module | undefined>
  private readonly spare: Line[] = []
  private compiling: Promise<WebAssembly.Module | undefined> | undefined

  constructor(start: () => EnginePort, compile: () => Promise<WebAssembly.Module | undefined>) {
    this.start = start
    this.compile = compile
  }

  /** HiGHS, compiled once for all workers; undefined where each has to see to that. */
  compiled(): Promise<WebAssembly.Module | undefined> {
    this.compiling ??= this.compile().catch(() => undefined)
    return this.compiling
  }

  take(owner: Line['owner']): Line {
    const idle = this.spare.pop()
    if (idle !== undefined) {
      idle.owner = owner
      return idle
    }
    const line: Line = { port: this.start(), owner }
    line.port.listen(
      (reply) => line.owner?.receive(line, reply),
      (reason) => {
        const place = this.spare.indexOf(line)
        if (place >= 0) this.spare.splice(place, 1)
        line.owner?.lose(line, reason)
      },
    )
    return line
  }

  /** Takes back an idle worker, or ends it where enough are kept. */
  async giveBack(line: Line): Promise<void> {
    line.owner = null
    if (this.spare.length < SPARE_WORKERS) this.spare.push(line)
    else await line.port.close()
  }
}
