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
  // Where a PNG has the bits of a sample and whether its rows are interlaced.
  if (bytes.length > 28 && bytes[24] < 8 && bytes[28] === 1) {
    throw new UnsupportedError(`${path}: interlaced pictures of ${bytes[24]} bits are not supported; save it without`, {
      argument: path,
      expected: '8 or 16 bits, or no interlacing',
      received: `${bytes[24]} bits, interlaced`,
    })
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
  const pixels = width * height
  const data = indexed ? convertIndexedToRgb(image) : depth < 8 ? unpacked(image) : image.data
  const channels = data.length / pixels
  const grey = channels < 3
  const colours = new Float64Array(3 * pixels)
  for (let i = 0; i < pixels; i++) {
    for (let k = 0; k < 3; k++) colours[3 * i + k] = data[i * channels + (grey ? 0 : k)]
  }
  let alpha: Float64Array | null = null
  const wide = !indexed && depth === 16
  const white = wide ? 65535 : 255
  if (channels % 2 === 0) alpha = Float64Array.from({ length: pixels }, (_, i) => data[i * channels + channels - 1])
  else if (!indexed && image.transparency !== undefined) {
    // One colour stands for transparent.
    const key = image.transparency.map((value) => (depth < 8 ? (255 * value) / (2 ** depth - 1) : value))
    alpha = Float64Array.from({ length: pixels }, (_, i) =>
      key.every((value, k) => data[i * channels + k] === value) ? 0 : white,
    )
  }
  return { width, height, depth: wide ? 16 : 8, white, colours, alpha }
}

/** Grey samples of 1, 2 or 4 bits, packed from the left with each row in whole bytes, scaled to 8 bits. */
function unpacked({ width, height, depth, data }: ReturnType<typeof decode>): Uint8Array {
  const out = new Uint8Array(width * height)
  const rowBytes = Math.ceil((width * depth) / 8)
  const largest = 2 ** depth - 1
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const bit = column * depth
      const shift = 8 - depth - (bit % 8)
      const value = (data[row * rowBytes + Math.floor(bit / 8)] >> shift) & largest
      out[row * width + column] = (255 * value) / largest
    }
  }
  return out
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
