import type { FromRunWorker, ToRunWorker } from './protocol.ts'
import { complaintsAbout, problemCode, RunSession } from './run-session.ts'

/** Whether a complaint is about what the program of the page would say, rather than about a baseline. */
const isOurs = (place: string): boolean => !/^contestants\.[1-9]/.test(place)

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
      session = new RunSession(data.id, data.request, data.paused, post)
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
