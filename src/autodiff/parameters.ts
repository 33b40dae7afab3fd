import { describe, InvalidInputError, ShapeError } from '../base/errors.ts'
import { type Node, reshape, slice } from './node.ts'
import { checkShape, type Shape, shapeText, sizeOf } from './shape.ts'

/** Shapes by name, in groups nested as deep as one likes: `{ layer1: { weights: [n, m], bias: [m] }, scale: [] }`. */
export interface ParameterShapes {
  readonly [name: string]: Shape | ParameterShapes
}

/** A tree of the same form with something at each shape. */
export type ParameterValues<S extends ParameterShapes, T> = {
  readonly [K in keyof S]: S[K] extends Shape ? T : S[K] extends ParameterShapes ? ParameterValues<S[K], T> : never
}

/** Where one named array lies in the flat vector. */
export interface ParameterEntry {
  /** Names from the outside to the inside, joined by dots: `layer1.bias`. */
  readonly name: string
  readonly shape: Shape
  readonly offset: number
  readonly size: number
}

/**
 * A tree of named arrays laid out one after the other in a flat vector: what a solver works on, while the traced function
 * sees the tree. Made by `parameters`.
 */
export class Parameters<S extends ParameterShapes = ParameterShapes> {
  /** The arrays in the order in which they lie in the vector. */
  readonly entries: readonly ParameterEntry[]
  /** Length of the flat vector. */
  readonly size: number
  private readonly shapes: S

  constructor(shapes: S) {
    const entries: ParameterEntry[] = []
    let offset = 0
    const collect = (tree: ParameterShapes, prefix: string): void => {
      for (const [key, entry] of Object.entries(tree)) {
        const name = prefix === '' ? key : `${prefix}.${key}`
        if (Array.isArray(entry)) {
          checkShape(`parameters: ${name}`, entry)
          entries.push({ name, shape: entry, offset, size: sizeOf(entry) })
          offset += sizeOf(entry)
        } else if (typeof entry === 'object' && entry !== null) collect(entry as ParameterShapes, name)
        else {
          throw new InvalidInputError(
            `parameters: ${name} must be a shape or a group of shapes, got ${describe(entry)}`,
            {
              argument: name,
              expected: 'a shape such as [3, 4], or an object of shapes',
              received: describe(entry),
            },
          )
        }
      }
    }
    collect(shapes, '')
    this.entries = entries
    this.size = offset
    this.shapes = shapes
  }

  /**
   * Writes named arrays into one flat vector, row by row.
   *
   * @param values numbers, flat arrays or rows of arrays in the form of the tree
   * @param out where to write, of length `size`; a new Float64Array by default
   * @throws {ShapeError} if an array does not have as many numbers as its shape
   */
  pack<V extends Float64Array | Float32Array = Float64Array>(
    values: ParameterValues<S, number | ArrayLike<number> | readonly ArrayLike<number>[]>,
    out?: V,
  ): V {
    const flat = out ?? (new Float64Array(this.size) as V)
    for (const { name, shape, offset, size } of this.entries) {
      const numbers = flatNumbers(lookUp(values, name))
      if (numbers.length !== size) {
        throw new ShapeError(`pack: ${name} has shape ${shapeText(shape)}, but ${numbers.length} numbers were given`, {
          argument: name,
          expected: `${size} numbers`,
          received: `${numbers.length} numbers`,
        })
      }
      flat.set(numbers, offset)
    }
    return flat
  }

  /** The named arrays as views of a flat vector of length `size`: nothing is copied. */
  unpack<V extends Float64Array | Float32Array>(vector: V): ParameterValues<S, V> {
    if (vector.length !== this.size) {
      throw new ShapeError(`unpack: expected a vector of length ${this.size}, got ${vector.length}`, {
        argument: 'vector',
        expected: `length ${this.size}`,
        received: `length ${vector.length}`,
      })
    }
    return this.build(({ offset, size }) => vector.subarray(offset, offset + size) as V)
  }

  /** The named arrays as expressions in an expression for the flat vector. */
  nodes(vector: Node): ParameterValues<S, Node> {
    return this.build(({ offset, size, shape }) => reshape(slice(vector, [offset, offset + size]), shape))
  }

  private build<T>(make: (entry: ParameterEntry) => T): ParameterValues<S, T> {
    let next = 0
    const copy = (tree: ParameterShapes): Record<string, unknown> =>
      Object.fromEntries(
        Object.entries(tree).map(([key, entry]) => [
          key,
          Array.isArray(entry) ? make(this.entries[next++]) : copy(entry as ParameterShapes),
        ]),
      )
    return copy(this.shapes) as ParameterValues<S, T>
  }
}

/**
 * Lays out a tree of named arrays in one flat vector. The result is an input of `compile`, whose function then receives
 * the tree, and converts between tree and vector (`pack`, `unpack`).
 *
 * @param shapes shapes by name, in groups nested as deep as one likes
 * @throws {ShapeError} if a length is not an integer >= 1
 */
export function parameters<const S extends ParameterShapes>(shapes: S): Parameters<S> {
  return new Parameters(shapes)
}

function lookUp(tree: unknown, name: string): unknown {
  let at = tree
  for (const key of name.split('.')) {
    if (typeof at !== 'object' || at === null || !(key in at)) {
      throw new InvalidInputError(`pack: there is no value for ${name}`, {
        argument: name,
        expected: 'numbers',
        received: 'nothing',
      })
    }
    at = (at as Record<string, unknown>)[key]
  }
  return at
}

/** The numbers of a number, a flat array or rows, one after the other. */
export function flatNumbers(value: unknown): ArrayLike<number> {
  if (typeof value === 'number') return [value]
  if (ArrayBuffer.isView(value)) return value as unknown as ArrayLike<number>
  if (Array.isArray(value)) {
    if (value.every((v) => typeof v === 'number')) return value
    return value.flatMap((row) => Array.from(flatNumbers(row)))
  }
  throw new InvalidInputError(`expected numbers, got ${describe(value)}`, {
    argument: 'values',
    expected: 'a number or an array of numbers',
    received: describe(value),
  })
}
