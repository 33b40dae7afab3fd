import { type CommonOptions, exitCodes, type Session } from '../session.ts'

export async function tourCommand(_session: Session, _options: CommonOptions): Promise<number> {
  return exitCodes.solved
}
