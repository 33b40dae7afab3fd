import { describe, InvalidInputError, ParseError } from '../base/index.ts'

const viewTypes = {
  Float64Array,
  Float32Array,
  Int32Array,
  Uint32Array,
  Int16Array,
  Uint16Array,
  Int8Array,
  Uint8Array,
} as const
type ViewName = keyof typeof viewTypes
type View = InstanceType<(typeof viewTypes)[ViewName]>

/** Marks an encoded value; no entry of an object may have this name. */
const TAG = '$'

function isView(value: object): value is View {
  return ArrayBuffer.isView(value) && value.constructor.name in viewTypes
}

function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function notPlain(path: string, value: unknown): InvalidInputError {
  return new InvalidInputError(
    `state must be plain data (numbers, strings, booleans, null, typed arrays, arrays, plain objects), but ${path || 'it'} is ${describe(value)}`,
    { argument: path, expected: 'plain data', received: describe(value) },
  )
}

/**
 * A deep copy of plain data. A typed array is copied as its own elements, never with the whole buffer behind it (which may be
 * a large workspace).
 *
 * @throws {InvalidInputError} if something in it is not plain data, naming where
 */
export function clonePlain<T>(value: T, path = ''): T {
  if (value === null || value === undefined) return value
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'object') {
    if (isView(value)) return value.slice() as T
    if (Array.isArray(value)) return value.map((v, i) => clonePlain(v, `${path}[${i}]`)) as T
    if (isPlainObject(value)) {
      const copy: Record<string, unknown> = {}
      for (const key of Object.keys(value)) {
        const inner = path ? `${path}.${key}` : key
        if (key === TAG) throw notPlain(inner, value[key])
        copy[key] = clonePlain(value[key], inner)
      }
      return copy as T
    }
  }
  throw notPlain(path, value)
}

/** Up to this length a typed array is written as readable numbers, beyond it as base64 of its little-endian bytes. */
const READABLE_LENGTH = 32

function encodeNumber(x: number): number | string {
  return Number.isFinite(x) && !Object.is(x, -0) ? x : Object.is(x, -0) ? '-0' : String(x)
}

function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return btoa(text)
}

function fromBase64(text: string): Uint8Array {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
  return bytes
}

function encode(value: unknown, path: string): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (value === undefined) return { [TAG]: 'undefined' }
  if (typeof value === 'number') {
    const encoded = encodeNumber(value)
    return typeof encoded === 'number' ? encoded : { [TAG]: 'number', value: encoded }
  }
  if (typeof value === 'object') {
    if (isView(value)) {
      const type = value.constructor.name
      if (value.length <= READABLE_LENGTH)
        return { [TAG]: type, values: Array.from(value as ArrayLike<number>, encodeNumber) }
      return { [TAG]: type, base64: toBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) }
    }
    if (Array.isArray(value)) return value.map((v, i) => encode(v, `${path}[${i}]`))
    if (isPlainObject(value)) {
      const out: Record<string, unknown> = {}
      for (const key of Object.keys(value)) {
        const inner = path ? `${path}.${key}` : key
        if (key === TAG) throw notPlain(inner, value[key])
        if (value[key] !== undefined) out[key] = encode(value[key], inner)
      }
      return out
    }
  }
  throw notPlain(path, value)
}

function decode(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(decode)
  const object = value as Record<string, unknown>
  const tag = object[TAG]
  if (tag === undefined) {
    const out: Record<string, unknown> = {}
    for (const key of Object.keys(object)) out[key] = decode(object[key])
    return out
  }
  if (tag === 'undefined') return undefined
  if (tag === 'number') return Number(object.value)
  const type = viewTypes[tag as ViewName]
  if (type === undefined) throw new ParseError(`plain data: unknown type tag ${describe(tag)}`)
  if (Array.isArray(object.values)) return type.from(object.values.map(Number))
  if (typeof object.base64 !== 'string')
    throw new ParseError(`plain data: ${String(tag)} has neither values nor base64`)
  const bytes = fromBase64(object.base64)
  if (bytes.length % type.BYTES_PER_ELEMENT !== 0) {
    throw new ParseError(`plain data: ${bytes.length} bytes are not a whole number of ${String(tag)} elements`)
  }
  return new type(bytes.buffer as ArrayBuffer, 0, bytes.length / type.BYTES_PER_ELEMENT)
}

/**
 * Plain data as one line of JSON from which `parsePlain` returns the same bits: typed arrays keep their type, and NaN, the
 * infinities and -0 survive. Object entries that are `undefined` are left out.
 *
 * @throws {InvalidInputError} if something in it is not plain data, naming where
 */
export function stringifyPlain(value: unknown): string {
  return JSON.stringify(encode(value, ''))
}

/** Reads what `stringifyPlain` wrote. @throws {ParseError} if the text is not that */
export function parsePlain(text: string): unknown {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new ParseError(`plain data: not valid JSON (${(cause as Error).message})`, { cause })
  }
  return decode(json)
}
