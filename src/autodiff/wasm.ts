/**
 * A small encoder of WebAssembly modules: just the instructions that compiled functions need, written as bytes.
 *
 * @see WebAssembly Core Specification 2.0, section 5 (binary format)
 */

export const i32 = 0x7f
export const f32 = 0x7d
export const f64 = 0x7c
export const v128 = 0x7b
/** The type of a value on the stack. */
export type ValueType = typeof i32 | typeof f32 | typeof f64 | typeof v128

/** Single-byte instructions. */
export const op = {
  end: 0x0b,
  call: 0x10,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32LessUnsigned: 0x49,
  i32LessSigned: 0x48,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
} as const

export const vectorOr = 0x50
export const vectorXor = 0x51
export const vectorAnyTrue = 0x53

/** Instructions on numbers of one precision: scalar opcodes, and the opcodes of the same operations on vectors. */
export interface NumberCodes {
  readonly type: typeof f64 | typeof f32
  /** Bytes of one number. */
  readonly bytes: 8 | 4
  /** Numbers in a 16-byte vector. */
  readonly lanes: 2 | 4
  readonly load: number
  readonly store: number
  readonly scalar: Readonly<Record<ArithmeticName, number>>
  readonly vector: Readonly<Record<ArithmeticName, number>>
  readonly convertSigned: number
  readonly splat: number
  readonly extractLane: number
  readonly replaceLane: number
  readonly loadSplat: number
}

export type ArithmeticName =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'min'
  | 'max'
  | 'neg'
  | 'abs'
  | 'sqrt'
  | 'floor'
  | 'ceil'
  | 'eq'
  | 'ne'
  | 'lt'
  | 'le'

export const doubleCodes: NumberCodes = {
  type: f64,
  bytes: 8,
  lanes: 2,
  load: 0x2b,
  store: 0x39,
  scalar: {
    eq: 0x61,
    ne: 0x62,
    lt: 0x63,
    le: 0x65,
    abs: 0x99,
    neg: 0x9a,
    ceil: 0x9b,
    floor: 0x9c,
    sqrt: 0x9f,
    add: 0xa0,
    sub: 0xa1,
    mul: 0xa2,
    div: 0xa3,
    min: 0xa4,
    max: 0xa5,
  },
  vector: {
    eq: 0x47,
    ne: 0x48,
    lt: 0x49,
    le: 0x4b,
    ceil: 0x74,
    floor: 0x75,
    abs: 0xec,
    neg: 0xed,
    sqrt: 0xef,
    add: 0xf0,
    sub: 0xf1,
    mul: 0xf2,
    div: 0xf3,
    min: 0xf4,
    max: 0xf5,
  },
  convertSigned: 0xb7,
  splat: 0x14,
  extractLane: 0x21,
  replaceLane: 0x22,
  loadSplat: 0x0a,
}

export const singleCodes: NumberCodes = {
  type: f32,
  bytes: 4,
  lanes: 4,
  load: 0x2a,
  store: 0x38,
  scalar: {
    eq: 0x5b,
    ne: 0x5c,
    lt: 0x5d,
    le: 0x5f,
    abs: 0x8b,
    neg: 0x8c,
    ceil: 0x8d,
    floor: 0x8e,
    sqrt: 0x91,
    add: 0x92,
    sub: 0x93,
    mul: 0x94,
    div: 0x95,
    min: 0x96,
    max: 0x97,
  },
  vector: {
    eq: 0x41,
    ne: 0x42,
    lt: 0x43,
    le: 0x45,
    ceil: 0x67,
    floor: 0x68,
    abs: 0xe0,
    neg: 0xe1,
    sqrt: 0xe3,
    add: 0xe4,
    sub: 0xe5,
    mul: 0xe6,
    div: 0xe7,
    min: 0xe8,
    max: 0xe9,
  },
  convertSigned: 0xb2,
  splat: 0x13,
  extractLane: 0x1f,
  replaceLane: 0x20,
  loadSplat: 0x09,
}

function pushUnsigned(bytes: number[], value: number): void {
  let rest = value
  do {
    const low = rest % 128
    rest = Math.floor(rest / 128)
    bytes.push(rest > 0 ? low | 0x80 : low)
  } while (rest > 0)
}

function pushSigned(bytes: number[], value: number): void {
  let rest = value
  for (;;) {
    const low = rest & 0x7f
    rest >>= 7
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
      bytes.push(low)
      return
    }
    bytes.push(low | 0x80)
  }
}

const scratch = new DataView(new ArrayBuffer(8))

/** The body of one function, with its parameters and locals. */
export class FunctionBody {
  readonly code: number[] = []
  readonly parameters: readonly ValueType[]
  readonly results: readonly ValueType[]
  private readonly locals: ValueType[] = []
  private readonly free = new Map<ValueType, number[]>()

  constructor(parameters: readonly ValueType[], results: readonly ValueType[]) {
    this.parameters = parameters
    this.results = results
  }

  /** A local variable; one that was released is used again. */
  local(type: ValueType): number {
    const spare = this.free.get(type)?.pop()
    if (spare !== undefined) return spare
    this.locals.push(type)
    return this.parameters.length + this.locals.length - 1
  }

  release(type: ValueType, index: number): void {
    const list = this.free.get(type)
    if (list === undefined) this.free.set(type, [index])
    else list.push(index)
  }

  byte(value: number): this {
    this.code.push(value)
    return this
  }

  get(local: number): this {
    this.code.push(op.localGet)
    pushUnsigned(this.code, local)
    return this
  }

  set(local: number): this {
    this.code.push(op.localSet)
    pushUnsigned(this.code, local)
    return this
  }

  tee(local: number): this {
    this.code.push(op.localTee)
    pushUnsigned(this.code, local)
    return this
  }

  integer(value: number): this {
    this.code.push(0x41)
    pushSigned(this.code, value | 0)
    return this
  }

  /** A constant of the given precision. */
  number(codes: NumberCodes, value: number): this {
    if (codes.type === f64) {
      this.code.push(0x44)
      scratch.setFloat64(0, value, true)
    } else {
      this.code.push(0x43)
      scratch.setFloat32(0, value, true)
    }
    for (let i = 0; i < codes.bytes; i++) this.code.push(scratch.getUint8(i))
    return this
  }

  /** A vector with the same number in all lanes. */
  vectorConstant(codes: NumberCodes, value: number): this {
    this.simd(12)
    if (codes.type === f64) scratch.setFloat64(0, value, true)
    else scratch.setFloat32(0, value, true)
    for (let lane = 0; lane < codes.lanes; lane++) {
      for (let i = 0; i < codes.bytes; i++) this.code.push(scratch.getUint8(i))
    }
    return this
  }

  call(index: number): this {
    this.code.push(op.call)
    pushUnsigned(this.code, index)
    return this
  }

  simd(opcode: number): this {
    this.code.push(0xfd)
    pushUnsigned(this.code, opcode)
    return this
  }

  lane(opcode: number, lane: number): this {
    this.simd(opcode)
    this.code.push(lane)
    return this
  }

  /** Loads or stores one number; the address is on the stack, and `offset` bytes are added to it. */
  scalarMemory(opcode: number, codes: NumberCodes, offset: number): this {
    this.code.push(opcode, codes.bytes === 8 ? 3 : 2)
    pushUnsigned(this.code, offset)
    return this
  }

  /** Loads or stores a vector, at any address. */
  vectorMemory(opcode: 0 | 11, codes: NumberCodes, offset: number): this {
    this.simd(opcode)
    this.code.push(codes.bytes === 8 ? 3 : 2)
    pushUnsigned(this.code, offset)
    return this
  }

  /** Loads one number into all lanes. */
  loadSplat(codes: NumberCodes, offset: number): this {
    this.simd(codes.loadSplat)
    this.code.push(codes.bytes === 8 ? 3 : 2)
    pushUnsigned(this.code, offset)
    return this
  }

  /** `body` once, and again as long as it leaves true on the stack. */
  loop(body: () => void): this {
    this.code.push(0x03, 0x40)
    body()
    this.code.push(0x0d, 0x00, op.end)
    return this
  }

  /** counter = 0, step, 2 step, ... below `end`; at least once. */
  count(counter: number, end: number, step: number, body: () => void): this {
    this.integer(0).set(counter)
    return this.loop(() => {
      body()
      this.get(counter).integer(step).byte(op.i32Add).tee(counter).integer(end).byte(op.i32LessUnsigned)
    })
  }

  /** Fills memory with zeros; address and length are known. */
  zero(address: number, bytes: number): this {
    this.integer(address).integer(0).integer(bytes)
    this.code.push(0xfc, 11, 0)
    return this
  }

  /** Copies memory: destination, source and length are on the stack. */
  copy(): this {
    this.code.push(0xfc, 10, 0, 0)
    return this
  }

  encode(bytes: number[]): void {
    const body: number[] = []
    const groups: [number, ValueType][] = []
    for (const type of this.locals) {
      const last = groups[groups.length - 1]
      if (last !== undefined && last[1] === type) last[0]++
      else groups.push([1, type])
    }
    pushUnsigned(body, groups.length)
    for (const [count, type] of groups) {
      pushUnsigned(body, count)
      body.push(type)
    }
    pushUnsigned(bytes, body.length + this.code.length + 1)
    append(bytes, body)
    append(bytes, this.code)
    bytes.push(op.end)
  }
}

/** A function that the module gets from outside, in the module `env`. */
export interface ImportedFunction {
  readonly name: string
  readonly parameters: readonly ValueType[]
  readonly results: readonly ValueType[]
}

// Not push(...more): long argument lists overflow the stack.
function append(bytes: number[], more: readonly number[]): void {
  for (let i = 0; i < more.length; i++) bytes.push(more[i])
}

function section(bytes: number[], id: number, content: readonly number[]): void {
  bytes.push(id)
  pushUnsigned(bytes, content.length)
  append(bytes, content)
}

function pushName(bytes: number[], name: string): void {
  const text = new TextEncoder().encode(name)
  pushUnsigned(bytes, text.length)
  for (const byte of text) bytes.push(byte)
}

/**
 * The bytes of a module that imports `env.memory` and the given functions, and defines `functions` after them (so the
 * first one has the index `imports.length`).
 */
export function encodeModule(
  imports: readonly ImportedFunction[],
  functions: readonly FunctionBody[],
  exported: ReadonlyMap<string, number>,
): Uint8Array<ArrayBuffer> {
  const types: string[] = []
  const typeIndex = (parameters: readonly ValueType[], results: readonly ValueType[]): number => {
    const key = `${parameters.join(',')}:${results.join(',')}`
    const found = types.indexOf(key)
    return found >= 0 ? found : types.push(key) - 1
  }
  const importSection: number[] = []
  pushUnsigned(importSection, imports.length + 1)
  pushName(importSection, 'env')
  pushName(importSection, 'memory')
  importSection.push(2, 0, 0)
  for (const { name, parameters, results } of imports) {
    pushName(importSection, 'env')
    pushName(importSection, name)
    importSection.push(0)
    pushUnsigned(importSection, typeIndex(parameters, results))
  }
  const functionSection: number[] = []
  pushUnsigned(functionSection, functions.length)
  for (const body of functions) pushUnsigned(functionSection, typeIndex(body.parameters, body.results))
  const exportSection: number[] = []
  pushUnsigned(exportSection, exported.size)
  for (const [name, index] of exported) {
    pushName(exportSection, name)
    exportSection.push(0)
    pushUnsigned(exportSection, index)
  }
  const codeSection: number[] = []
  pushUnsigned(codeSection, functions.length)
  for (const body of functions) body.encode(codeSection)
  const typeSection: number[] = []
  pushUnsigned(typeSection, types.length)
  for (const key of types) {
    const [parameters, results] = key.split(':').map((list) => (list === '' ? [] : list.split(',').map(Number)))
    typeSection.push(0x60)
    pushUnsigned(typeSection, parameters.length)
    append(typeSection, parameters)
    pushUnsigned(typeSection, results.length)
    append(typeSection, results)
  }
  const bytes: number[] = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
  section(bytes, 1, typeSection)
  section(bytes, 2, importSection)
  section(bytes, 3, functionSection)
  section(bytes, 7, exportSection)
  section(bytes, 10, codeSection)
  return Uint8Array.from(bytes)
}
