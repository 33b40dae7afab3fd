import {
  callback,
  checked,
  choice,
  describe,
  InvalidInputError,
  integer,
  nonNegative,
  RandomStream,
  ShapeError,
  structured,
} from '../base/index.ts'
import { breath, type Computation, finish, finishAsync, type Iterate, type Status } from '../solver/index.ts'
import { checkedCost } from './cost.ts'
import { TransportEngine } from './engine.ts'
import { transportSolution } from './transport-solution.ts'

export interface ColorTransferOptions {
  /** Pixels drawn from each image to compute the plan on, >= 1. Default 1000. */
  samples?: number
  /** epsilon in the plan between colours scaled to [0, 1], >= 0; 0 for exact transport. Default 0.005. */
  regularization?: number
  /**
   * How pixels that were not drawn are mapped: `entropic` by the plan's own formula (smooth; default for a regularization
   * > 0), `nearest` by the shift of the nearest pixel drawn.
   */
  extension?: 'entropic' | 'nearest'
  /** The value of full intensity. Default 255. */
  white?: number
  /** Seed of the draw. Default 0. */
  seed?: number
  /** Ends the work: the plan is then that of the last iterate, and pixels that were not mapped yet keep their colours. */
  signal?: AbortSignal
  /** Called with every iterate of the plan. */
  onIteration?: (iterate: Iterate) => void
  /** Called now and then while pixels are mapped, with the number done and the number of all. */
  onPixels?: (done: number, total: number) => void
}

/** A picture with the colours of another. */
export interface ColorTransfer {
  /** The new pixels, in the order and layout of the source, clipped to [0, white]. */
  readonly pixels: Float64Array
  readonly status: Status
  readonly message: string
  /** Slug of the method that computed the plan. */
  readonly method: string
  readonly iterations: number
  /** Mean squared distance that the sampled colours travel, in units of white^2. */
  readonly cost: number
}

function sample(
  name: string,
  pixels: ArrayLike<number>,
  count: number,
  scale: number,
  random: RandomStream,
): number[][] {
  if (typeof pixels !== 'object' || pixels === null || pixels.length === 0 || pixels.length % 3 !== 0) {
    const received = typeof pixels === 'object' && pixels !== null ? `length ${pixels.length}` : describe(pixels)
    throw new ShapeError(`color transfer: ${name} must have three numbers per pixel, got ${received}`, {
      argument: name,
      expected: 'a positive multiple of 3 numbers',
      received,
    })
  }
  const total = pixels.length / 3
  const take = Math.min(count, total)
  const index = new Int32Array(total)
  for (let i = 0; i < total; i++) index[i] = i
  const out: number[][] = []
  for (let k = 0; k < take; k++) {
    if (take < total) {
      const j = k + random.integer(total - k)
      const swap = index[k]
      index[k] = index[j]
      index[j] = swap
    }
    const at = 3 * index[k]
    const colour = [pixels[at] * scale, pixels[at + 1] * scale, pixels[at + 2] * scale]
    if (!colour.every(Number.isFinite)) {
      throw new InvalidInputError(`color transfer: pixel ${index[k]} of ${name} is not finite`, {
        argument: `${name}[${at}]`,
        expected: 'finite numbers',
        received: colour.join(', '),
      })
    }
    out.push(colour)
  }
  return out
}

/**
 * Gives the source picture the colours of the target: transports a sample of its colours to a sample of the target's under
 * squared distances in RGB, and moves every pixel by the barycentric projection of the plan, extended beyond the sample.
 *
 * @param source pixels as red, green, blue, red, ... (3 N numbers in [0, white])
 * @param target pixels of the picture with the wanted colours
 * @throws {ShapeError} if a length is no positive multiple of 3
 * @see Ferradans, Papadakis, Peyre and Aujol, Regularized discrete optimal transport (2014), Section 5; Pooladian and
 *   Niles-Weed, Entropic estimation of optimal transport maps (2021), Eq. (5) for the entropic extension
 */
export function transferColors(
  source: ArrayLike<number>,
  target: ArrayLike<number>,
  options: ColorTransferOptions = {},
): ColorTransfer {
  return finish(transferSolution(source, target, options))
}

/** As `transferColors`, to the same bits, returning to the event loop every few milliseconds, so that `signal` is served. */
export async function transferColorsAsync(
  source: ArrayLike<number>,
  target: ArrayLike<number>,
  options: ColorTransferOptions = {},
): Promise<ColorTransfer> {
  return finishAsync(transferSolution(source, target, options))
}

function* transferSolution(
  source: ArrayLike<number>,
  target: ArrayLike<number>,
  options: ColorTransferOptions,
): Computation<ColorTransfer> {
  const { samples, regularization, extension, white, seed, signal, onIteration, onPixels } = checked(
    'color transfer',
    options,
    {
      samples: integer(1000, 'pixels drawn', { min: 1, max: 20_000 }),
      regularization: nonNegative<number>(0.005, 'regularization'),
      extension: {
        ...choice(['entropic', 'nearest'], 'entropic', 'extension'),
        fallback: undefined as 'entropic' | 'nearest' | undefined,
      },
      white: nonNegative<number>(255, 'full intensity'),
      seed: integer(0, 'seed', { max: Number.MAX_SAFE_INTEGER }),
      signal: structured<AbortSignal | undefined>(
        undefined,
        'abort signal',
        'an AbortSignal',
        (value) => value instanceof AbortSignal,
      ),
      onIteration: callback<(iterate: Iterate) => void>('called with every iterate'),
      onPixels: callback<(done: number, total: number) => void>('called while pixels are mapped'),
    },
  )
  if (white === 0) throw new InvalidInputError('color transfer: white must be > 0, got 0', { argument: 'white' })
  if (extension === 'entropic' && regularization === 0) {
    throw new InvalidInputError("color transfer: the entropic extension needs a regularization > 0; use 'nearest'", {
      argument: 'extension',
      expected: "'nearest'",
      received: "'entropic'",
    })
  }
  const random = RandomStream.fromSeed(seed)
  const scale = 1 / white
  const from = sample('source', source, samples, scale, random.split('source'))
  const to = sample('target', target, samples, scale, random.split('target'))
  const a = new Float64Array(from.length).fill(1 / from.length)
  const b = new Float64Array(to.length).fill(1 / to.length)
  const solved = yield* transportSolution(
    a,
    b,
    { source: from, target: to },
    {
      ...(regularization > 0 ? { regularization, tolerance: 1e-6 } : { exact: true }),
      ...(signal !== undefined && { signal }),
      ...(onIteration !== undefined && { onIteration }),
    },
  )
  const flatTarget = Float64Array.from(to.flat())
  const map =
    (extension ?? (regularization > 0 ? 'entropic' : 'nearest')) === 'entropic'
      ? entropicMap(flatTarget, solved.potentials.y, regularization, Math.min(BATCH, source.length / 3))
      : nearestMap(from, solved.plan.project(flatTarget, 3))
  const total = source.length / 3
  const pixels = new Float64Array(source.length)
  const batch = new Float64Array(3 * Math.min(BATCH, total))
  const mapped = new Float64Array(batch.length)
  // Stopped while the plan was made, the picture is still finished with the plan of that moment.
  const stopped = (): boolean => signal?.aborted === true
  const planAborted = stopped()
  let done = 0
  while (done < total && (planAborted || !stopped())) {
    const count = Math.min(BATCH, total - done)
    for (let k = 0; k < 3 * count; k++) batch[k] = source[3 * done + k] * scale
    map(batch, count, mapped)
    for (let k = 0; k < 3 * count; k++) pixels[3 * done + k] = white * Math.min(1, Math.max(0, mapped[k]))
    done += count
    onPixels?.(done, total)
    yield* breath()
  }
  for (let k = 3 * done; k < pixels.length; k++) pixels[k] = source[k]
  const { message, method, iterations, cost } = solved
  if (done === total) return { pixels, status: solved.status, message, method, iterations, cost }
  const left = `Stopped by the caller: ${total - done} of ${total} pixels keep their colours.`
  return { pixels, status: 'aborted', message: `${left} ${message}`, method, iterations, cost }
}

/** Pixels mapped at once: bounds the memory of a batch, and the time between two looks at the signal. */
const BATCH = 2048

/** Maps the first `count` pixels of a batch, with colours in [0, 1], into `out`. */
type ColourMap = (batch: Float64Array, count: number, out: Float64Array) => void

/** T(s) = sum_j w_j t_j / sum_j w_j with w_j = exp((y_j - |s - t_j|^2) / epsilon). */
function entropicMap(flatTarget: Float64Array, y: Float64Array, epsilon: number, size: number): ColourMap {
  const eta = 1 / epsilon
  const coordinates = new Float64Array(3 * size)
  const targets = flatTarget.length / 3
  const cost = checkedCost(
    { source: { coordinates, dimension: 3 }, target: { coordinates: flatTarget, dimension: 3 } },
    size,
    targets,
  )
  const engine = new TransportEngine({
    a: new Float64Array(size).fill(1),
    b: new Float64Array(targets).fill(1),
    cost,
  })
  const x = new Float64Array(size)
  return (batch, count, out) => {
    engine.moveSource(batch)
    x.fill(0)
    engine.pass(x, y, eta)
    x.set(engine.softmin)
    for (let i = 0; i < count; i++) {
      const row = engine.planRow(i, x[i], y, eta)
      let red = 0
      let green = 0
      let blue = 0
      for (let j = 0; j < row.length; j++) {
        red += row[j] * flatTarget[3 * j]
        green += row[j] * flatTarget[3 * j + 1]
        blue += row[j] * flatTarget[3 * j + 2]
      }
      out[3 * i] = red
      out[3 * i + 1] = green
      out[3 * i + 2] = blue
    }
  }
}

/** T(s) = s + (image of the nearest sample - that sample). */
function nearestMap(from: number[][], images: Float64Array): ColourMap {
  const flat = Float64Array.from(from.flat())
  return (batch, count, out) => {
    for (let at = 0; at < 3 * count; at += 3) {
      const red = batch[at]
      const green = batch[at + 1]
      const blue = batch[at + 2]
      let best = Infinity
      let nearest = 0
      for (let k = 0; k < flat.length; k += 3) {
        const d = (red - flat[k]) ** 2 + (green - flat[k + 1]) ** 2 + (blue - flat[k + 2]) ** 2
        if (d < best) {
          best = d
          nearest = k
        }
      }
      out[at] = red + images[nearest] - flat[nearest]
      out[at + 1] = green + images[nearest + 1] - flat[nearest + 1]
      out[at + 2] = blue + images[nearest + 2] - flat[nearest + 2]
    }
  }
}
