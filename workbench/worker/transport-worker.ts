import { InvalidInputError, ParseError } from '../../src/base/index.ts'
import { parseCsv } from '../../src/data/index.ts'
import {
  checkDimensions,
  completed,
  LARGEST_PLAN,
  type PointCloud,
  planToCsv,
  pointCloud,
  sum,
} from '../../src/inputs/index.ts'
import { type TransportPlan, transferColorsAsync, transportAsync } from '../../src/transport/index.ts'
import { failureOf } from './failure.ts'
import { textOfFile } from './text-of-file.ts'
import type { CloudSource, DrawnCloud, FromTransportWorker, ToTransportWorker } from './transport-protocol.ts'

/** Entries of a plan that are drawn. */
const DRAWN_ENTRIES = 1500
/** Entries lighter than this, relative to the heaviest, are not drawn. */
const LIGHTEST = 0.01
/** Pictures with a longer side are made smaller, pixels. */
const LONGEST_SIDE = 1600

const post = (message: FromTransportWorker): void => self.postMessage(message)
let controller = new AbortController()
let plan: TransportPlan | null = null

/** Null while there are no points. */
async function cloudOf(source: CloudSource): Promise<PointCloud | null> {
  if (source.kind === 'text' && source.text.trim() === '') return null
  const name = source.kind === 'file' ? source.file.name : source.name
  const text = source.kind === 'file' ? await textOfFile(source.file, name) : source.text
  return pointCloud(parseCsv(text, { source: name }), name)
}

function drawn(cloud: PointCloud | null): DrawnCloud {
  if (cloud === null) return { points: new Float64Array(0), dimension: 2, count: 0 }
  const { count } = cloud
  const { coordinates, dimension } = cloud.points
  const flat = new Float64Array(2 * count)
  if (dimension > 2) return { points: new Float64Array(0), dimension, count }
  for (let i = 0; i < count; i++) {
    flat[2 * i] = coordinates[dimension * i]
    if (dimension === 2) flat[2 * i + 1] = coordinates[2 * i + 1]
  }
  return { points: flat, dimension, count }
}

/** The cost of the farthest pair is about the square (or the length) of the diagonal of the box around both clouds. */
function largestCost(source: PointCloud, target: PointCloud, metric: string): number {
  if (metric === 'cosine') return 2
  const { dimension } = source.points
  let total = 0
  for (let k = 0; k < dimension; k++) {
    let [low, high] = [Infinity, -Infinity]
    for (const { points } of [source, target]) {
      for (let i = k; i < points.coordinates.length; i += dimension) {
        low = Math.min(low, points.coordinates[i])
        high = Math.max(high, points.coordinates[i])
      }
    }
    total += metric === 'l1' ? high - low : (high - low) ** 2
  }
  return (metric === 'euclidean' ? Math.sqrt(total) : total) || 1
}

/** The heaviest entries of a plan. */
function heaviest(given: TransportPlan): { from: Int32Array; to: Int32Array; mass: Float64Array; entries: number } {
  const largest = given.kind === 'sparse' ? 0 : largestEntry(given)
  const { rows, columns, masses } = given.toSparse(LIGHTEST * largest)
  const order = Array.from(masses.keys())
    .sort((a, b) => masses[b] - masses[a])
    .slice(0, DRAWN_ENTRIES)
  const most = order.length === 0 ? 1 : masses[order[0]]
  return {
    from: Int32Array.from(order, (k) => rows[k]),
    to: Int32Array.from(order, (k) => columns[k]),
    mass: Float64Array.from(order, (k) => masses[k] / most),
    entries: masses.length,
  }
}

function largestEntry(given: TransportPlan): number {
  const row = new Float64Array(given.columns)
  let largest = 0
  for (let i = 0; i < given.rows; i++) {
    given.row(i, row)
    for (const mass of row) if (mass > largest) largest = mass
  }
  return largest
}

async function solve(request: Extract<ToTransportWorker, { type: 'solve' }>, signal: AbortSignal): Promise<void> {
  const { id, metric, regularization } = request
  plan = null
  const [source, target] = await Promise.all([cloudOf(request.source), cloudOf(request.target)])
  if (signal.aborted) return
  post({ type: 'clouds', id, source: drawn(source), target: drawn(target) })
  if (source === null || target === null) return
  checkDimensions(source, target)
  let { a, b } = completed(source.weights, target.weights, source.count, target.count)
  const [massA, massB] = [sum(a), sum(b)]
  if (!(massA > 0 && massB > 0)) {
    const { name } = massA > 0 ? target : source
    throw new InvalidInputError(`${name}: all weights are 0`, { argument: name, expected: 'some weight > 0' })
  }
  // Shares of the whole: what is drawn has no unit of mass.
  a = a.map((mass) => mass / massA)
  b = b.map((mass) => mass / massB)
  const result = await transportAsync(
    a,
    b,
    { source: source.points, target: target.points, metric },
    {
      ...(regularization === null
        ? { exact: true }
        : { regularization: regularization * largestCost(source, target, metric) }),
      signal,
    },
  )
  plan = result.plan
  const { status, message, method, cost, objective, marginalError, gap, iterations, elapsedMs, certificate } = result
  const measures = certificate?.measures ?? null
  const outcome = { status, message, method, cost, objective, marginalError, gap, iterations, elapsedMs, measures }
  post({ type: 'solved', id, outcome: { ...outcome, ...heaviest(result.plan) } })
}

interface Pixels {
  readonly image: ImageData
  readonly reduced: boolean
}

async function pixelsOf(file: File): Promise<Pixels> {
  let bitmap: ImageBitmap
  try {
    bitmap = await createImageBitmap(file)
  } catch (cause) {
    throw new ParseError(`${file.name}: this picture cannot be read`, {
      argument: file.name,
      expected: 'a PNG or JPEG picture',
      received: file.type || 'a file of another kind',
      cause,
    })
  }
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height))
  const [width, height] = [
    Math.max(1, Math.round(scale * bitmap.width)),
    Math.max(1, Math.round(scale * bitmap.height)),
  ]
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D
  context.drawImage(bitmap, 0, 0, width, height)
  bitmap.close()
  return { image: context.getImageData(0, 0, width, height), reduced: scale < 1 }
}

/** The colours of the pixels that are seen, in [0, 1], and which these are. */
function visible({ data }: ImageData, name: string): { colours: Float64Array; pixels: Int32Array } {
  const pixels = Int32Array.from({ length: data.length / 4 }, (_, i) => i).filter((i) => data[4 * i + 3] > 0)
  if (pixels.length === 0) {
    throw new ParseError(`${name}: every pixel is transparent`, { argument: name, expected: 'a pixel that is seen' })
  }
  const colours = new Float64Array(3 * pixels.length)
  pixels.forEach((i, at) => {
    for (let k = 0; k < 3; k++) colours[3 * at + k] = data[4 * i + k] / 255
  })
  return { colours, pixels }
}

async function colours(request: Extract<ToTransportWorker, { type: 'colours' }>, signal: AbortSignal): Promise<void> {
  const { id, source, target, regularization } = request
  const { image, reduced } = await pixelsOf(source)
  const from = visible(image, source.name)
  const to = visible((await pixelsOf(target)).image, target.name)
  const moved = await transferColorsAsync(from.colours, to.colours, {
    white: 1,
    regularization,
    signal,
    onPixels: (done, total) => post({ type: 'pixels', id, part: done / total }),
  })
  from.pixels.forEach((i, at) => {
    for (let k = 0; k < 3; k++) image.data[4 * i + k] = Math.round(255 * moved.pixels[3 * at + k])
  })
  const { width, height } = image
  const canvas = new OffscreenCanvas(width, height)
  canvas.getContext('2d')?.putImageData(image, 0, 0)
  const picture = await canvas.convertToBlob({ type: 'image/png' })
  const { status, message, cost } = moved
  post({ type: 'coloured', id, outcome: { status, message, cost, width, height, picture, reduced } })
}

self.addEventListener('message', ({ data }: MessageEvent<ToTransportWorker>) => {
  if (data.type === 'cancel') return controller.abort()
  if (data.type === 'plan') {
    if (plan === null) return
    if (plan.rows * plan.columns > LARGEST_PLAN) {
      const pairs = plan.rows * plan.columns
      const error = new InvalidInputError(
        `plan: a table of ${pairs} pairs is too large for a file from here, at most ${LARGEST_PLAN} are written; use transport() from thalweg/transport in a program`,
        { argument: 'plan', expected: `at most ${LARGEST_PLAN} pairs`, received: `${pairs} pairs` },
      )
      return post({ type: 'failed', id: data.id, failure: failureOf(error) })
    }
    return post({ type: 'plan', text: [...planToCsv(plan)].join('') })
  }
  controller.abort()
  controller = new AbortController()
  const { id } = data
  const work = data.type === 'solve' ? solve(data, controller.signal) : colours(data, controller.signal)
  work.catch((error: unknown) => post({ type: 'failed', id, failure: failureOf(error) }))
})
