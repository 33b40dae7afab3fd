import { readFileSync } from 'node:fs'
import { convertIndexedToRgb, decode, encode } from 'fast-png'
import { ParseError, UnsupportedError } from '../../base/index.ts'
import { formatNumber } from '../../drawing/index.ts'
import { fileError } from '../../node/files.ts'
import { writeFileAtomically } from '../../node/index.ts'
import { transferColorsAsync } from '../../transport/index.ts'
import { type CommonOptions, exitCodes, type Session } from '../session.ts'

export interface ColorsOptions extends CommonOptions {
  out: string
  samples?: number
  regularization?: number
}

/** A picture as red, green, blue in [0, white], and its opacity. */
interface Picture {
  readonly width: number
  readonly height: number
  readonly depth: 8 | 16
  readonly white: number
  readonly colours: Float64Array
  /** Null where everything is opaque. */
  readonly alpha: Float64Array | null
}

function readPicture(path: string): Picture {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    throw fileError('read', path, cause)
  }
  let image: ReturnType<typeof decode>
  try {
    image = decode(bytes)
  } catch (cause) {
    throw new ParseError(`${path}: this PNG cannot be read: ${(cause as Error).message}`, {
      argument: path,
      expected: 'a PNG picture',
      cause,
    })
  }
  const { width, height, depth } = image
  const indexed = image.palette !== undefined
  if (!indexed && depth < 8) {
    throw new UnsupportedError(`${path}: grey pictures of ${depth} bits are not supported; convert it to 8 bits`, {
      argument: path,
      expected: '8 or 16 bits',
      received: `${depth} bits`,
    })
  }
  const data = indexed ? convertIndexedToRgb(image) : image.data
  const pixels = width * height
  const channels = data.length / pixels
  const grey = channels < 3
  const colours = new Float64Array(3 * pixels)
  for (let i = 0; i < pixels; i++) {
    for (let k = 0; k < 3; k++) colours[3 * i + k] = data[i * channels + (grey ? 0 : k)]
  }
  const alpha =
    channels % 2 === 0 ? Float64Array.from({ length: pixels }, (_, i) => data[i * channels + channels - 1]) : null
  const wide = !indexed && depth === 16
  return { width, height, depth: wide ? 16 : 8, white: wide ? 65535 : 255, colours, alpha }
}

/** The colours of the pixels that are seen, scaled to [0, 1], and which pixels they are. */
function visible({ colours, alpha, white }: Picture, path: string): { colours: Float64Array; pixels: Int32Array } {
  const pixels = Int32Array.from({ length: colours.length / 3 }, (_, i) => i).filter(
    (i) => alpha === null || alpha[i] > 0,
  )
  if (pixels.length === 0) {
    throw new ParseError(`${path}: every pixel is transparent`, { argument: path, expected: 'a pixel that is seen' })
  }
  const seen = new Float64Array(3 * pixels.length)
  pixels.forEach((i, at) => {
    for (let k = 0; k < 3; k++) seen[3 * at + k] = colours[3 * i + k] / white
  })
  return { colours: seen, pixels }
}

/** `thalweg colors`: gives one picture the colours of another. */
export async function colorsCommand(
  session: Session,
  source: string,
  target: string,
  options: ColorsOptions,
): Promise<number> {
  const picture = readPicture(source)
  const from = visible(picture, source)
  const to = visible(readPicture(target), target)
  const { samples, regularization, seed } = options
  const transferred = await transferColorsAsync(from.colours, to.colours, {
    white: 1,
    ...(samples !== undefined && { samples }),
    ...(regularization !== undefined && { regularization }),
    ...(seed !== undefined && { seed }),
    signal: session.signal,
    onIteration: ({ iteration, measures }) =>
      session.progress.update(0, `plan: iteration ${iteration}, objective ${formatNumber(measures.objective, 4)}`),
    onPixels: (done, total) => session.progress.update(done / total, `${done} of ${total} pixels`),
  })
  session.progress.stop()
  const { width, height, depth, white, alpha } = picture
  const channels = alpha === null ? 3 : 4
  const data = depth === 16 ? new Uint16Array(width * height * channels) : new Uint8Array(width * height * channels)
  if (alpha !== null) {
    alpha.forEach((value, i) => {
      data[4 * i + 3] = value
    })
  }
  from.pixels.forEach((i, at) => {
    for (let k = 0; k < 3; k++) data[i * channels + k] = Math.round(white * transferred.pixels[3 * at + k])
  })
  writeFileAtomically(options.out, encode({ width, height, data, depth, channels }))
  const { status, cost, iterations, method, message } = transferred
  session.answer({ status, cost, iterations, method, message, width, height })
  session.say()
  session.paragraph(message, status === 'converged' ? 'green' : 'yellow')
  session.say()
  session.say(`  size    ${width} x ${height}`)
  session.say(`  cost    ${formatNumber(cost, 6)} (mean squared distance of colours in [0, 1])`)
  session.say(`  method  ${method}, ${iterations} iterations`)
  session.say(`  Picture written to ${options.out}`)
  return status === 'converged' ? exitCodes.solved : exitCodes.notConverged
}
