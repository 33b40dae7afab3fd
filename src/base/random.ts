import { type xoroshiro128plus, xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'
import { describe, InvalidInputError } from './errors.ts'
import { portableLog } from './portable-math.ts'

/** All that a stream remembers, as plain data: part of every checkpoint. */
export interface RandomState {
  /** The generator's 128 bits as four 32-bit integers. */
  readonly generator: readonly number[]
  /** What `split` derives children from: fixed at creation, untouched by draws. */
  readonly key: readonly number[]
  /** Normal draws come in pairs; the second of the pair, or null. */
  readonly spareNormal: number | null
}

const TWO_POW_MINUS_53 = 2 ** -53

/** Bit mixer of MurmurHash3 (public domain, Austin Appleby). */
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) | 0
}

function derive(key: readonly number[], label: string | number): number[] {
  const words = typeof label === 'number' ? [1, label | 0, Math.floor(label / 4294967296) | 0] : [2]
  if (typeof label === 'string') for (let i = 0; i < label.length; i++) words.push(label.charCodeAt(i))
  const out = [0, 0, 0, 0]
  for (let k = 0; k < 4; k++) {
    let h = mix(key[k] + Math.imul(k + 1, 0x9e3779b9))
    for (const w of words) h = mix(Math.imul(h ^ w, 0x27d4eb2f) + 0x165667b1)
    out[k] = h
  }
  return out
}

/**
 * A seeded stream of random numbers (xoroshiro128+), splittable by name and saveable at any moment.
 *
 * `split(label)` depends only on the seed and the labels on the way, never on how many numbers were drawn: adding a draw in
 * one place does not disturb another. All draws use only exactly rounded arithmetic: the same seed gives the same bits on
 * every engine.
 */
export class RandomStream {
  private generator: ReturnType<typeof xoroshiro128plus>
  private key: readonly number[]
  private spareNormal: number | null

  private constructor(state: RandomState) {
    this.generator = xoroshiro128plusFromState(state.generator as number[])
    this.key = state.key
    this.spareNormal = state.spareNormal
  }

  /** A stream for an integer seed in [0, 2^53). Default 0. */
  static fromSeed(seed = 0): RandomStream {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new InvalidInputError(`seed must be an integer in [0, 2^53), got ${describe(seed)}`, {
        argument: 'seed',
        expected: 'an integer in [0, 2^53)',
        received: describe(seed),
      })
    }
    return RandomStream.fromKey(derive([0x74686177, 0x6c656721, 0x2b7e1516, 0x28aed2a6], seed))
  }

  /** Continues exactly where `state` was taken. */
  static fromState(state: RandomState): RandomStream {
    return new RandomStream(state)
  }

  private static fromKey(key: number[]): RandomStream {
    // The all-zero state is a fixed point of the generator.
    const generator = key.some((w) => w !== 0) ? key : [1, 2, 3, 4]
    return new RandomStream({ generator, key, spareNormal: null })
  }

  /** The state as plain data; the stream itself goes on. */
  state(): RandomState {
    return { generator: [...this.generator.getState()], key: [...this.key], spareNormal: this.spareNormal }
  }

  /** An independent stream named `label` (a string, or an integer such as an agent's index). */
  split(label: string | number): RandomStream {
    return RandomStream.fromKey(derive(this.key, label))
  }

  /** 32 random bits as a signed integer. */
  int32(): number {
    return this.generator.next()
  }

  /** Uniform on [0, 1) with 53 bits. */
  uniform(): number {
    const high = this.generator.next() >>> 5
    const low = this.generator.next() >>> 6
    return (high * 67108864 + low) * TWO_POW_MINUS_53
  }

  /** Uniform on [low, high). */
  uniformBetween(low: number, high: number): number {
    return low + (high - low) * this.uniform()
  }

  /** Uniform integer in [0, n), n in [1, 2^32]; exact (rejection, no modulo bias). */
  integer(n: number): number {
    if (!(n >= 1 && n <= 4294967296 && Number.isInteger(n))) {
      throw new InvalidInputError(`random integer: n must be an integer in [1, 2^32], got ${describe(n)}`, {
        argument: 'n',
        expected: 'an integer in [1, 2^32]',
        received: describe(n),
      })
    }
    const limit = 4294967296 - (4294967296 % n)
    for (;;) {
      const u = this.generator.next() >>> 0
      if (u < limit) return u % n
    }
  }

  /** Standard normal (Marsaglia's polar method). */
  normal(): number {
    if (this.spareNormal !== null) {
      const z = this.spareNormal
      this.spareNormal = null
      return z
    }
    for (;;) {
      const u = 2 * this.uniform() - 1
      const v = 2 * this.uniform() - 1
      const s = u * u + v * v
      if (s >= 1 || s === 0) continue
      const scale = Math.sqrt((-2 * portableLog(s)) / s)
      this.spareNormal = v * scale
      return u * scale
    }
  }

  /** Exponential with rate 1. */
  exponential(): number {
    return -portableLog(1 - this.uniform())
  }

  /** Fills `out` with standard normals and returns it. */
  fillNormal<T extends Float64Array | Float32Array>(out: T): T {
    for (let i = 0; i < out.length; i++) out[i] = this.normal()
    return out
  }

  /** Fills `out` with uniforms on [low, high) and returns it. */
  fillUniform<T extends Float64Array | Float32Array>(out: T, low = 0, high = 1): T {
    for (let i = 0; i < out.length; i++) out[i] = low + (high - low) * this.uniform()
    return out
  }

  /** Shuffles `items` in place (Fisher-Yates) and returns it. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1)
      const swap = items[i]
      items[i] = items[j]
      items[j] = swap
    }
    return items
  }
}
