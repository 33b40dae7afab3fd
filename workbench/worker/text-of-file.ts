import { FileError } from '../../src/base/index.ts'

/**
 * The text of a file of the reader; gzip is unpacked, whatever the file is called.
 *
 * @throws {FileError} if it cannot be read, or the gzip is damaged
 */
export async function textOfFile(file: Blob, name: string): Promise<string> {
  try {
    const head = new Uint8Array(await file.slice(0, 2).arrayBuffer())
    const compressed = head[0] === 0x1f && head[1] === 0x8b
    if (!compressed) return await file.text()
    return await new Response(file.stream().pipeThrough(new DecompressionStream('gzip'))).text()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FileError(`cannot read ${name}: ${reason}`, { argument: name, received: reason, cause })
  }
}
