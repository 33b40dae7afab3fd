import { highsWorkers } from '../../src/mip/index.ts'
import { findMethod } from '../../src/registry.ts'
import type { FromRunWorker, ToRunWorker } from './protocol.ts'
import { complaintsAbout, problemCode, RunSession, type Surroundings } from './run-session.ts'

/** Whether a complaint is about what the program of the page would say, rather than about a baseline. */
const isOurs = (place: string): boolean => !/^contestants\.[1-9]/.test(place)

const engine = highsWorkers(() => new Worker(new URL('./highs-worker.ts', import.meta.url), { type: 'module' }))

/** Programs are solved outside of this thread, which goes on listening. */
const surroundings: Surroundings = {
  engineFor: (slug) => (findMethod(slug).description.problemClass === 'mixed-integer' ? engine : undefined),
}

const post = (message: FromRunWorker): void => self.postMessage(message)
let session: RunSession | null = null
let sessionId = 0

self.addEventListener('message', ({ data }: MessageEvent<ToRunWorker>) => {
  switch (data.type) {
    case 'check': {
      const complaints = complaintsAbout(data.request)
      const code = Object.keys(complaints).some(isOurs) ? null : problemCode(data.request)
      return post({ type: 'checked', id: data.id, complaints, code })
    }
    case 'start':
      session?.cancel()
      sessionId = data.id
      session = new RunSession(data.id, data.request, data.paused, post, surroundings)
      void session.run()
      return
    case 'pause':
      return session?.pause()
    case 'resume':
      return session?.resume()
    case 'step':
      return session?.step()
    case 'cancel':
      return session?.cancel()
    case 'pace':
      return session?.setPace(data.pace)
    case 'drawn':
      return session?.drawn()
    case 'run-file':
      return post({ type: 'run-file', id: sessionId, text: session?.runFile() ?? '' })
  }
})
