import { InvalidInputError } from '../base/index.ts'
import { defaultEngine, type MipEngine } from '../mip/index.ts'
import { cbcEngine } from '../node/index.ts'

/** Engines of mixed-integer programs by the name that `--engine` takes. */
const engines: Readonly<Record<string, () => MipEngine>> = {
  highs: defaultEngine,
  cbc: () => cbcEngine(),
}

/** Whether each engine can be used here. */
export async function engineReport(): Promise<{ name: string; available: boolean; reason?: string }[]> {
  return Promise.all(Object.entries(engines).map(async ([name, make]) => ({ name, ...(await make().available()) })))
}

/** The engine of that name; undefined for no name. @throws {InvalidInputError} if there is none, or it cannot be used here */
export async function engineNamed(name: string | undefined): Promise<MipEngine | undefined> {
  if (name === undefined) return undefined
  if (!(name in engines)) {
    throw new InvalidInputError(`--engine must be one of ${Object.keys(engines).join(', ')}, got '${name}'`, {
      argument: '--engine',
      expected: Object.keys(engines).join(', '),
      received: name,
    })
  }
  const engine = engines[name]()
  const { available, reason } = await engine.available()
  if (!available) {
    throw new InvalidInputError(`--engine ${name} cannot be used here: ${reason}`, {
      argument: '--engine',
      received: name,
    })
  }
  return engine
}
