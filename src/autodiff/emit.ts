import type { FunctionLibrary } from './function-library.ts'
import { axisSplit, reducedView } from './interpret.ts'
import { type LoopStep, matrixLayout, type Plan, type Read, type SingleStep, type Stage, type Step } from './lower.ts'
import type { ElementwiseName, Node, OracleRule } from './node.ts'
import { rowMajorStrides, type Shape } from './shape.ts'
import { encodeModule, FunctionBody, f64, type ImportedFunction, i32, type NumberCodes, op, v128 } from './wasm.ts'

/** What the emitter has to know about the workspace and the kernels. */
export interface EmitterOptions {
  readonly codes: NumberCodes
  readonly library: FunctionLibrary
  /** Where inputs and constant arrays are, in bytes. */
  addressOf(external: Node): number
  /** Address of scratch memory for a product of [m, k] with [k, n]. */
  scratch(m: number, n: number, k: number): number
}

/** An emitted module: its bytes, what it imports, and the oracles that its import `oracle` is called with the numbers of. */
export interface EmittedModule {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly imports: readonly ImportedFunction[]
  readonly oracles: readonly OracleCall[]
  /** For each stage that has work, the name of its function. */
  readonly stages: ReadonlyMap<Stage, string>
}

export interface OracleCall {
  readonly rule: OracleRule
  readonly inputs: readonly { readonly address: number; readonly size: number }[]
  readonly output: { readonly address: number; readonly size: number }
}

/**
 * Writes a plan as a WebAssembly module: one exported function for each stage, without parameters, that reads inputs from
 * the workspace and leaves the outputs there; it returns the first output of its stage that is a single number (else 0).
 */
export function emit(plan: Plan, options: EmitterOptions): EmittedModule {
  return new Emitter(plan, options).run()
}

type Mode = 'scalar' | 'vector'

interface Load {
  readonly address: number
  readonly strides: number[]
}

type Source =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'scalar'; readonly root: Node }
  | { readonly kind: 'value'; readonly root: Node }
  | { readonly kind: 'load'; readonly load: Load }

interface Store {
  readonly source: Source
  readonly address: number
  readonly strides: number[]
  readonly accumulate: boolean
}

interface Reduction {
  readonly node: Node
  readonly name: 'sum' | 'max'
  readonly source: Source
  readonly address: number
  readonly strides: number[]
  /** The innermost axis that is kept, or -1. */
  depth: number
  /** Whether the loops visit each result once only. */
  whole: boolean
  vectors: number[]
  scalar: number
}

class Emitter {
  private readonly plan: Plan
  private readonly options: EmitterOptions
  private readonly codes: NumberCodes
  private readonly imports: ImportedFunction[] = []
  private readonly importNumbers = new Map<string, number>()
  private readonly oracles: OracleCall[] = []
  private body = new FunctionBody([], [])
  /** Numbers held in local variables of the current function. */
  private scalars = new Map<Node, number>()

  constructor(plan: Plan, options: EmitterOptions) {
    this.plan = plan
    this.options = options
    this.codes = options.codes
  }

  run(): EmittedModule {
    const functions: FunctionBody[] = []
    const chunksByStage = new Map<Stage, number[]>()
    let current: Step | undefined
    for (const step of this.plan.steps) {
      if (current === undefined || current.stage !== step.stage || current.chunk !== step.chunk) {
        this.body = new FunctionBody([], [])
        this.scalars = new Map()
        functions.push(this.body)
        const list = chunksByStage.get(step.stage) ?? []
        list.push(functions.length - 1)
        chunksByStage.set(step.stage, list)
      }
      current = step
      for (const buffer of step.zeroed) this.body.zero(buffer.address, buffer.size * this.codes.bytes)
      if (step.kind === 'loop') this.loop(step)
      else this.single(step)
    }
    // All imports are known now, and with them the numbers of our own functions.
    const exported = new Map<string, number>()
    const stages = new Map<Stage, string>()
    for (const [stage, chunks] of chunksByStage) {
      const whole = new FunctionBody([], [f64])
      for (const chunk of chunks) whole.call(this.imports.length + chunk)
      const result = this.plan.outputs.find((node) => node.size === 1 && this.plan.stageOf(node) === stage)
      if (result === undefined) whole.number({ ...this.codes, type: f64, bytes: 8 }, 0)
      else {
        whole.integer(0).scalarMemory(this.codes.load, this.codes, this.addressOf(result))
        if (this.codes.bytes === 4) whole.byte(0xbb)
      }
      functions.push(whole)
      exported.set(`stage${stage}`, this.imports.length + functions.length - 1)
      stages.set(stage, `stage${stage}`)
    }
    return {
      bytes: encodeModule(this.imports, functions, exported),
      imports: this.imports,
      oracles: this.oracles,
      stages,
    }
  }

  private import(fn: ImportedFunction): number {
    const found = this.importNumbers.get(fn.name)
    if (found !== undefined) return found
    this.imports.push(fn)
    this.importNumbers.set(fn.name, this.imports.length - 1)
    return this.imports.length - 1
  }

  private addressOf(root: Node): number {
    const { kind } = root.operation
    if (kind === 'input' || kind === 'constant') return this.options.addressOf(root)
    const replaced = this.plan.overwrites.get(root)
    if (replaced !== undefined) return this.options.addressOf(replaced)
    const buffer = this.plan.buffers.get(root)
    if (buffer === undefined) throw new Error(`autodiff: internal: no buffer for ${root}`)
    return buffer.address
  }

  /** Address of the first element of an operand that is read as a block. */
  private blockAddress(node: Node): number {
    const { root, offset } = this.plan.access(node)
    return this.addressOf(root) + offset * this.codes.bytes
  }

  /** The local variable with the value of a root of one element; read from memory where another function computed it. */
  private scalar(root: Node): number {
    const found = this.scalars.get(root)
    if (found !== undefined) return found
    const local = this.body.local(this.codes.type)
    this.body.integer(0).scalarMemory(this.codes.load, this.codes, this.addressOf(root)).set(local)
    this.scalars.set(root, local)
    return local
  }

  private storeScalar(root: Node, local: number): void {
    this.scalars.set(root, local)
    if (this.plan.buffers.has(root)) {
      this.body.integer(0).get(local).scalarMemory(this.codes.store, this.codes, this.addressOf(root))
    }
  }

  // ---- Loops -------------------------------------------------------------------------------------------------------

  private loop(step: LoopStep): void {
    const { bytes } = this.codes
    const loads = new Map<string, Load>()
    const source = (read: Read): Source => {
      if (read.kind !== 'memory') return read
      const address = this.addressOf(read.root) + read.offset * bytes
      const key = `${address}:${read.strides.join(',')}`
      const found = loads.get(key) ?? { address, strides: [...read.strides] }
      loads.set(key, found)
      return { kind: 'load', load: found }
    }
    const items = step.items.map((node) => ({
      node,
      sources: node.inputs.map((input) => source(this.plan.read(step, input, node.shape))),
    }))
    const stores: Store[] = []
    for (const { node } of items) {
      if (node.size > 1 && this.plan.buffers.has(node)) {
        const strides = rowMajorStrides(step.space)
        stores.push({
          source: { kind: 'value', root: node },
          address: this.addressOf(node),
          strides,
          accumulate: false,
        })
      }
    }
    for (const { scatter, term, view, accumulate } of step.terms) {
      stores.push({
        source: source(this.plan.read(step, term, term.shape)),
        address: this.addressOf(scatter) + view.offset * bytes,
        strides: view.strides.filter((_, d) => term.shape[d] !== 1),
        accumulate,
      })
    }
    const reductions = step.reductions.map((node): Reduction => {
      const [x] = node.inputs
      const { name, axes } = node.operation as { name: 'sum' | 'max'; axes: readonly number[] }
      const strides = reducedView(x.shape, axes).strides.filter((_, d) => x.shape[d] !== 1)
      const address = node.size > 1 ? this.addressOf(node) : 0
      const of = source(this.plan.read(step, x, x.shape))
      return { node, name, source: of, address, strides, depth: -1, whole: true, vectors: [], scalar: -1 }
    })
    const space = collapse(step.space, [...loads.values(), ...stores, ...reductions])
    new LoopEmitter(this.body, this.codes, space, items, stores, reductions, {
      scalar: (root) => this.scalar(root),
      storeScalar: (root, local) => this.storeScalar(root, local),
      call: (name, mode) => this.elementFunction(name, mode),
    }).run()
  }

  /** How to call a function that has no instruction: on a vector if there is such a kernel, else lane by lane. */
  private elementFunction(name: ElementwiseName, mode: Mode): { index: number; mode: Mode; double: boolean } {
    const { library, codes } = this.options
    if (mode === 'vector') {
      const vector = library.vector(name, codes)
      if (vector !== undefined) return { index: this.import(vector), mode, double: false }
    }
    const same = library.scalar(name, codes)
    if (same !== undefined) return { index: this.import(same), mode: 'scalar', double: false }
    return { index: this.import(library.fallback(name)), mode: 'scalar', double: true }
  }

  // ---- Steps that are one node -------------------------------------------------------------------------------------

  private single({ node }: SingleStep): void {
    switch (node.operation.kind) {
      case 'matmul':
        return this.matmul(node)
      case 'gather':
        return this.gather(node, node.operation.axis)
      case 'scatterAdd':
        return this.scatterAdd(node, node.operation.axis)
      case 'cumulativeSum':
        return this.cumulativeSum(node, node.operation.axis, node.operation.reverse)
      case 'oracle':
        return this.oracle(node, node.operation.rule)
      default:
        throw new Error(`autodiff: internal: ${node} is not a step of its own`)
    }
  }

  private matmul(node: Node): void {
    const { bytes } = this.codes
    const [a, b] = node.inputs
    const rank = node.shape.length
    const [m, n] = [node.shape[rank - 2], node.shape[rank - 1]]
    const k = a.shape[rank - 1]
    const first = this.plan.access(a)
    const second = this.plan.access(b)
    const batch: Shape = node.shape.slice(0, -2)
    const operands = [
      { address: this.blockAddress(a), strides: first.strides },
      { address: this.blockAddress(b), strides: second.strides },
      { address: this.addressOf(node), strides: rowMajorStrides(node.shape) },
    ]
    const counters = batch.map(() => this.body.local(i32))
    const pushAddress = (which: number): void => {
      const { address, strides } = operands[which]
      this.body.integer(address)
      counters.forEach((counter, d) => {
        if (batch[d] > 1 && strides[d] !== 0) {
          this.body
            .get(counter)
            .integer(strides[d] * bytes)
            .byte(op.i32Mul)
            .byte(op.i32Add)
        }
      })
    }
    const product = (): void => {
      const left = matrixLayout(a.shape, first.strides)
      const right = matrixLayout(b.shape, second.strides)
      if (left === undefined || right === undefined) throw new Error('autodiff: internal: operand of matmul not stored')
      const { body, codes } = this
      // A column or row that is stored in one piece is a vector.
      if (n === 1 && contiguousVector(second.strides[rank - 2], k)) {
        const rows = left.transposed ? k : m
        const columns = left.transposed ? m : k
        body
          .integer(left.transposed ? 1 : 0)
          .integer(rows)
          .integer(columns)
          .number(codes, 1)
        pushAddress(0)
        body.integer(left.stride)
        pushAddress(1)
        body.number(codes, 0)
        pushAddress(2)
        body.call(this.import(this.options.library.gemv(codes)))
        return
      }
      if (m === 1 && contiguousVector(first.strides[rank - 1], k)) {
        const rows = right.transposed ? n : k
        const columns = right.transposed ? k : n
        body
          .integer(right.transposed ? 0 : 1)
          .integer(rows)
          .integer(columns)
          .number(codes, 1)
        pushAddress(1)
        body.integer(right.stride)
        pushAddress(0)
        body.number(codes, 0)
        pushAddress(2)
        body.call(this.import(this.options.library.gemv(codes)))
        return
      }
      body
        .integer(left.transposed ? 1 : 0)
        .integer(right.transposed ? 1 : 0)
        .integer(m)
        .integer(n)
        .integer(k)
      body.number(codes, 1)
      pushAddress(0)
      body.integer(left.stride)
      pushAddress(1)
      body.integer(right.stride).number(codes, 0)
      pushAddress(2)
      body.integer(n).integer(this.options.scratch(m, n, k))
      body.call(this.import(this.options.library.gemm(codes)))
    }
    const nest = (d: number): void => {
      if (d === batch.length) product()
      else if (batch[d] === 1) nest(d + 1)
      else this.body.count(counters[d], batch[d], 1, () => nest(d + 1))
    }
    nest(0)
    for (const counter of counters) this.body.release(i32, counter)
  }

  /** Leaves the byte offset of the slice that index number `position` (a local) points to on the stack. */
  private pushIndexed(indices: Node, position: number, length: number, sliceBytes: number): void {
    const { body, codes } = this
    body.get(position).integer(codes.bytes).byte(op.i32Mul)
    body.scalarMemory(codes.load, codes, this.blockAddress(indices))
    // Limited in floating point first, which also turns NaN into a valid index: min(max(index, 0), length - 1).
    body.number(codes, 0)
    const value = body.local(codes.type)
    body
      .byte(codes.scalar.max)
      .number(codes, length - 1)
      .byte(codes.scalar.min)
      .set(value)
    // A comparison with NaN is false, so NaN becomes 0.
    body.get(value).number(codes, 0).get(value).get(value).byte(codes.scalar.eq).byte(op.select)
    body.byte(codes.bytes === 8 ? 0xaa : 0xa8)
    body.integer(sliceBytes).byte(op.i32Mul)
    body.release(codes.type, value)
  }

  private gather(node: Node, axis: number): void {
    const { body, codes } = this
    const [x, indices] = node.inputs
    const { outer, length, inner } = axisSplit(x.shape, axis)
    const count = indices.size
    const [o, i] = [body.local(i32), body.local(i32)]
    const sliceBytes = inner * codes.bytes
    body.count(o, outer, 1, () => {
      body.count(i, count, 1, () => {
        const destination = (): void => {
          body.get(o).integer(count).byte(op.i32Mul).get(i).byte(op.i32Add).integer(sliceBytes).byte(op.i32Mul)
        }
        const from = (): void => {
          body
            .get(o)
            .integer(length * sliceBytes)
            .byte(op.i32Mul)
          this.pushIndexed(indices, i, length, sliceBytes)
          body.byte(op.i32Add)
        }
        destination()
        if (inner === 1) {
          from()
          body.scalarMemory(codes.load, codes, this.blockAddress(x))
          body.scalarMemory(codes.store, codes, this.addressOf(node))
        } else {
          body.integer(this.addressOf(node)).byte(op.i32Add)
          from()
          body.integer(this.blockAddress(x)).byte(op.i32Add).integer(sliceBytes).copy()
        }
      })
    })
    body.release(i32, o)
    body.release(i32, i)
  }

  private scatterAdd(node: Node, axis: number): void {
    const { body, codes } = this
    const [updates, indices] = node.inputs
    const { outer, length, inner } = axisSplit(node.shape, axis)
    const count = indices.size
    const [o, i, r, to] = [body.local(i32), body.local(i32), body.local(i32), body.local(i32)]
    const sliceBytes = inner * codes.bytes
    body.zero(this.addressOf(node), node.size * codes.bytes)
    body.count(o, outer, 1, () => {
      body.count(i, count, 1, () => {
        body
          .get(o)
          .integer(length * sliceBytes)
          .byte(op.i32Mul)
        this.pushIndexed(indices, i, length, sliceBytes)
        body.byte(op.i32Add).set(to)
        body.count(r, sliceBytes, codes.bytes, () => {
          body.get(to).get(r).byte(op.i32Add)
          body.get(to).get(r).byte(op.i32Add).scalarMemory(codes.load, codes, this.addressOf(node))
          body.get(o).integer(count).byte(op.i32Mul).get(i).byte(op.i32Add).integer(sliceBytes).byte(op.i32Mul)
          body.get(r).byte(op.i32Add).scalarMemory(codes.load, codes, this.blockAddress(updates))
          body.byte(codes.scalar.add).scalarMemory(codes.store, codes, this.addressOf(node))
        })
      })
    })
    for (const local of [o, i, r, to]) body.release(i32, local)
  }

  private cumulativeSum(node: Node, axis: number, reverse: boolean): void {
    const { body, codes } = this
    const [x] = node.inputs
    const { outer, length, inner } = axisSplit(node.shape, axis)
    const [o, i, r, at] = [body.local(i32), body.local(i32), body.local(i32), body.local(i32)]
    const total = body.local(codes.type)
    body.count(o, outer, 1, () => {
      body.count(r, inner, 1, () => {
        body.number(codes, 0).set(total)
        body.count(i, length, 1, () => {
          body.get(o).integer(length).byte(op.i32Mul)
          if (reverse)
            body
              .integer(length - 1)
              .get(i)
              .byte(op.i32Sub)
          else body.get(i)
          body.byte(op.i32Add).integer(inner).byte(op.i32Mul).get(r).byte(op.i32Add)
          body.integer(codes.bytes).byte(op.i32Mul).tee(at).get(at)
          body.scalarMemory(codes.load, codes, this.blockAddress(x)).get(total).byte(codes.scalar.add).tee(total)
          body.scalarMemory(codes.store, codes, this.addressOf(node))
        })
      })
    })
    for (const local of [o, i, r, at]) body.release(i32, local)
    body.release(codes.type, total)
  }

  private oracle(node: Node, rule: OracleRule): void {
    this.oracles.push({
      rule,
      inputs: node.inputs.map((input) => ({ address: this.blockAddress(input), size: input.size })),
      output: { address: this.addressOf(node), size: node.size },
    })
    const index = this.import({ name: 'oracle', parameters: [i32], results: [] })
    this.body.integer(this.oracles.length - 1).call(index)
  }
}

function contiguousVector(stride: number, length: number): boolean {
  return stride === 1 || length === 1
}

/** Joins neighbouring axes that every access passes through in one piece; changes the strides of all. */
function collapse(space: readonly number[], accesses: readonly { strides: number[] }[]): number[] {
  const joined: number[] = []
  const kept: number[] = []
  for (let d = 0; d < space.length; d++) {
    const before = kept.length - 1
    const joins = before >= 0 && accesses.every((a) => a.strides[kept[before]] === a.strides[d] * space[d])
    if (joins) {
      joined[before] *= space[d]
      kept[before] = d
    } else {
      joined.push(space[d])
      kept.push(d)
    }
  }
  for (const access of accesses) access.strides = kept.map((d) => access.strides[d])
  return joined
}

interface LoopHost {
  scalar(root: Node): number
  storeScalar(root: Node, local: number): void
  call(name: ElementwiseName, mode: Mode): { index: number; mode: Mode; double: boolean }
}

interface Item {
  readonly node: Node
  readonly sources: readonly Source[]
}

/** A computed element: the variable with its value, or (for a comparison) with its truth, or both. */
interface Computed {
  value: number
  mask: number
}

/** Where inside the innermost loop: a counter in bytes (-1: none), and elements beyond it. */
interface Position {
  readonly counter: number
  readonly extra: number
}

class LoopEmitter {
  private readonly body: FunctionBody
  private readonly codes: NumberCodes
  private readonly space: readonly number[]
  private readonly items: readonly Item[]
  private readonly stores: readonly Store[]
  private readonly reductions: readonly Reduction[]
  private readonly host: LoopHost
  private readonly counters: number[] = []
  /** Byte offset contributed by the outer loops, by outer strides. */
  private readonly groups = new Map<string, number>()
  private readonly hoisted = new Map<Load, { scalar: number; vector: number }>()
  private readonly splats = new Map<Node, number>()
  private readonly constants = new Map<number, number>()
  private readonly taken: [type: typeof i32 | typeof v128 | NumberCodes['type'], index: number][] = []
  private readonly vectorized: boolean

  constructor(
    body: FunctionBody,
    codes: NumberCodes,
    space: readonly number[],
    items: readonly Item[],
    stores: readonly Store[],
    reductions: readonly Reduction[],
    host: LoopHost,
  ) {
    this.body = body
    this.codes = codes
    this.space = space
    this.items = items
    this.stores = stores
    this.reductions = reductions
    this.host = host
    this.vectorized = space.length > 0 && space[space.length - 1] >= codes.lanes
  }

  private take(type: typeof i32 | typeof v128 | NumberCodes['type']): number {
    const index = this.body.local(type)
    this.taken.push([type, index])
    return index
  }

  run(): void {
    const rank = this.space.length
    const inner = rank - 1
    for (const source of this.sources()) {
      // Read outside all loops.
      if (source.kind === 'scalar') {
        const local = this.host.scalar(source.root)
        if (this.vectorized && !this.splats.has(source.root)) {
          const splat = this.take(v128)
          this.body.get(local).simd(this.codes.splat).set(splat)
          this.splats.set(source.root, splat)
        }
      }
      if (source.kind === 'constant' && this.vectorized) this.constantVector(source.value)
    }
    for (const reduction of this.reductions) {
      reduction.depth = -1
      reduction.strides.forEach((stride, d) => {
        if (stride !== 0) reduction.depth = d
      })
      reduction.whole = reduction.strides.every((stride, d) => d > reduction.depth || stride !== 0)
      if (!reduction.whole || reduction.depth === inner) this.initialise(reduction)
    }
    for (let d = 0; d < rank; d++) this.counters.push(this.take(i32))
    if (rank === 0) this.straight()
    else this.level(0)
    for (const [type, index] of this.taken) this.body.release(type, index)
  }

  private *sources(): Generator<Source> {
    for (const item of this.items) yield* item.sources
    for (const store of this.stores) yield store.source
    for (const reduction of this.reductions) yield reduction.source
  }

  private constantVector(value: number): number {
    // Map keys do not tell -0 from 0.
    const key = Object.is(value, -0) ? Number.MIN_VALUE : value
    const found = this.constants.get(key)
    if (found !== undefined) return found
    const local = this.take(v128)
    this.body.vectorConstant(this.codes, value).set(local)
    this.constants.set(key, local)
    return local
  }

  /** Fills the result of a reduction that is collected in memory. */
  private initialise({ node, name, address }: Reduction): void {
    const { body, codes } = this
    const bytes = node.size * codes.bytes
    if (name === 'sum') {
      body.zero(address, bytes)
      return
    }
    const counter = body.local(i32)
    body.count(counter, bytes, codes.bytes, () => {
      body.get(counter).number(codes, -Infinity).scalarMemory(codes.store, codes, address)
    })
    body.release(i32, counter)
  }

  /** An index space of one element: no loop. */
  private straight(): void {
    const values = new Map<Node, Computed>()
    const position = { counter: -1, extra: 0 }
    const loaded = new Map<Load, number>()
    for (const item of this.items) {
      const computed = this.compute(item, 'scalar', values, loaded, position)
      this.host.storeScalar(item.node, this.valueOf(computed, 'scalar'))
    }
    for (const store of this.stores) this.store(store, 'scalar', values, loaded, position)
    for (const { node, source } of this.reductions) {
      const local = this.body.local(this.codes.type)
      this.push(source, 'scalar', values, loaded, position)
      this.body.set(local)
      this.host.storeScalar(node, local)
    }
  }

  private level(d: number): void {
    const { body } = this
    const inner = this.space.length - 1
    const starting = this.reductions.filter((reduction) => reduction.depth === d - 1)
    for (const reduction of starting) this.start(reduction)
    if (d === inner) this.inner()
    else {
      const counter = this.counters[d]
      if (this.space[d] === 1) {
        body.integer(0).set(counter)
        this.level(d + 1)
      } else body.count(counter, this.space[d], 1, () => this.level(d + 1))
    }
    for (const reduction of starting) this.finish(reduction)
  }

  private start(reduction: Reduction): void {
    const { body, codes } = this
    const neutral = reduction.name === 'sum' ? 0 : -Infinity
    if (this.vectorized && reduction.vectors.length === 0) {
      for (let u = 0; u < this.unrolling(); u++) reduction.vectors.push(this.take(v128))
    }
    // A number that becomes the value of a node stays in its variable after the loop.
    if (reduction.scalar < 0) {
      reduction.scalar = reduction.depth < 0 ? body.local(codes.type) : this.take(codes.type)
    }
    for (const vector of reduction.vectors) body.vectorConstant(codes, neutral).set(vector)
    body.number(codes, neutral).set(reduction.scalar)
  }

  private finish(reduction: Reduction): void {
    const { body, codes } = this
    const combine = reduction.name === 'sum' ? 'add' : 'max'
    const { vectors, scalar } = reduction
    if (vectors.length > 0) {
      for (let width = vectors.length; width > 1; width /= 2) {
        for (let u = 0; u < width / 2; u++) {
          body
            .get(vectors[u])
            .get(vectors[u + width / 2])
            .simd(codes.vector[combine])
            .set(vectors[u])
        }
      }
      body.get(vectors[0]).lane(codes.extractLane, 0)
      for (let lane = 1; lane < codes.lanes; lane++) {
        body.get(vectors[0]).lane(codes.extractLane, lane).byte(codes.scalar[combine])
      }
      body.get(scalar).byte(codes.scalar[combine]).set(scalar)
    }
    if (reduction.node.size === 1) {
      this.host.storeScalar(reduction.node, scalar)
      return
    }
    const outer = this.outerOffset(reduction.strides.map((s, d) => (d <= reduction.depth ? s : 0)))
    body.get(outer)
    if (!reduction.whole) body.get(outer).scalarMemory(codes.load, codes, reduction.address)
    body.get(scalar)
    if (!reduction.whole) body.byte(codes.scalar[combine])
    body.scalarMemory(codes.store, codes, reduction.address)
    body.release(i32, outer)
  }

  /** A variable with the sum of counter times stride over the outer loops, in bytes. */
  private outerOffset(strides: readonly number[]): number {
    const { body, codes } = this
    const local = body.local(i32)
    body.integer(0)
    strides.forEach((stride, d) => {
      if (stride !== 0)
        body
          .get(this.counters[d])
          .integer(stride * codes.bytes)
          .byte(op.i32Mul)
          .byte(op.i32Add)
    })
    body.set(local)
    return local
  }

  private unrolling(): number {
    const { codes } = this
    const vectors = Math.floor(this.space[this.space.length - 1] / codes.lanes)
    const weight = this.items.reduce((total, { node }) => total + operationWeight(node), 0)
    const size = weight + this.stores.length * 2 + this.reductions.length
    if (vectors >= 8 && size <= 8) return 4
    if (vectors >= 4 && size <= 24) return 2
    return 1
  }

  private inner(): void {
    const { body, codes } = this
    const inner = this.space.length - 1
    const length = this.space[inner]
    this.groups.clear()
    const groupLocals: number[] = []
    for (const { strides } of this.accesses()) {
      const key = outerKey(strides, inner)
      if (key === '' || this.groups.has(key)) continue
      const local = this.outerOffset(strides.slice(0, inner))
      this.groups.set(key, local)
      groupLocals.push(local)
    }
    for (const load of this.loads()) {
      if (load.strides[inner] !== 0) continue
      const found = this.hoisted.get(load) ?? {
        scalar: this.take(codes.type),
        vector: this.vectorized ? this.take(v128) : -1,
      }
      this.hoisted.set(load, found)
      const offset = this.address(load, { counter: -1, extra: 0 })
      body.scalarMemory(codes.load, codes, offset).set(found.scalar)
      if (found.vector >= 0) body.get(found.scalar).simd(codes.splat).set(found.vector)
    }
    const counter = this.counters[inner]
    const vectors = this.vectorized ? Math.floor(length / codes.lanes) : 0
    const unroll = this.vectorized ? this.unrolling() : 1
    const whole = Math.floor(vectors / unroll) * unroll
    // Few enough turns are written out.
    const turns = vectors / unroll
    if (vectors > 0 && turns === 1) {
      for (let u = 0; u < unroll; u++) this.element('vector', { counter: -1, extra: u * codes.lanes }, u)
    } else {
      if (vectors > 0) body.integer(0).set(counter)
      if (whole > 0) {
        this.turns(counter, whole * 16, unroll * 16, () => {
          for (let u = 0; u < unroll; u++) this.element('vector', { counter, extra: u * codes.lanes }, u)
        })
      }
      if (vectors > whole) {
        this.turns(counter, vectors * 16, 16, () => this.element('vector', { counter, extra: 0 }, 0))
      }
    }
    const rest = length - vectors * codes.lanes
    if (rest === 1) this.element('scalar', { counter: -1, extra: vectors * codes.lanes }, 0)
    else if (rest > 1) {
      body.integer(vectors * 16).set(counter)
      this.turns(counter, length * codes.bytes, codes.bytes, () => this.element('scalar', { counter, extra: 0 }, 0))
    }
    for (const local of groupLocals) body.release(i32, local)
  }

  /** From the current value of the counter, below `end`; at least once. */
  private turns(counter: number, end: number, step: number, turn: () => void): void {
    this.body.loop(() => {
      turn()
      this.body.get(counter).integer(step).byte(op.i32Add).tee(counter).integer(end).byte(op.i32LessUnsigned)
    })
  }

  private *loads(): Generator<Load> {
    const seen = new Set<Load>()
    for (const source of this.sources()) {
      if (source.kind === 'load' && !seen.has(source.load)) {
        seen.add(source.load)
        yield source.load
      }
    }
  }

  private *accesses(): Generator<{ strides: readonly number[] }> {
    yield* this.loads()
    yield* this.stores
    const inner = this.space.length - 1
    for (const reduction of this.reductions) if (reduction.depth === inner) yield reduction
  }

  /** One turn of the innermost loop: all operations on one element or vector of elements. */
  private element(mode: Mode, position: Position, copy: number): void {
    const { body, codes } = this
    const inner = this.space.length - 1
    const values = new Map<Node, Computed>()
    const loaded = new Map<Load, number>()
    const start = this.taken.length
    for (const item of this.items) this.compute(item, mode, values, loaded, position)
    for (const store of this.stores) this.store(store, mode, values, loaded, position)
    for (const reduction of this.reductions) {
      const { name, source } = reduction
      const combine = name === 'sum' ? 'add' : 'max'
      if (reduction.depth === inner) {
        const access = { address: reduction.address, strides: reduction.strides }
        this.combineInMemory(access, combine, () => this.push(source, mode, values, loaded, position), mode, position)
      } else if (mode === 'vector') {
        const into = reduction.vectors[copy]
        body.get(into)
        this.push(source, mode, values, loaded, position)
        body.simd(codes.vector[combine]).set(into)
      } else {
        body.get(reduction.scalar)
        this.push(source, mode, values, loaded, position)
        body.byte(codes.scalar[combine]).set(reduction.scalar)
      }
    }
    // Variables of this turn can serve the next copy of the body.
    for (const [type, index] of this.taken.splice(start)) body.release(type, index)
  }

  private store(
    { source, address, strides, accumulate }: Store,
    mode: Mode,
    values: Map<Node, Computed>,
    loaded: Map<Load, number>,
    position: Position,
  ): void {
    const pushValue = (): void => this.push(source, mode, values, loaded, position)
    if (accumulate) this.combineInMemory({ address, strides }, 'add', pushValue, mode, position)
    else this.storeAt({ address, strides }, pushValue, mode, position)
  }

  private combineInMemory(
    access: { address: number; strides: readonly number[] },
    combine: 'add' | 'max',
    pushValue: () => void,
    mode: Mode,
    position: Position,
  ): void {
    const { codes } = this
    const both = (): void => {
      this.loadAt(access, mode, position)
      pushValue()
      if (mode === 'vector') this.body.simd(codes.vector[combine])
      else this.body.byte(codes.scalar[combine])
    }
    this.storeAt(access, both, mode, position)
  }

  private storeAt(
    access: { address: number; strides: readonly number[] },
    pushValue: () => void,
    mode: Mode,
    position: Position,
  ): void {
    const { body, codes } = this
    const stride = this.innerStride(access.strides)
    if (mode === 'scalar') {
      const offset = this.address(access, position)
      pushValue()
      body.scalarMemory(codes.store, codes, offset)
    } else if (stride === 1) {
      const offset = this.address(access, position)
      pushValue()
      body.vectorMemory(11, codes, offset)
    } else {
      const vector = body.local(v128)
      pushValue()
      body.set(vector)
      for (let lane = 0; lane < codes.lanes; lane++) {
        const offset = this.address(access, { counter: position.counter, extra: position.extra + lane })
        body.get(vector).lane(codes.extractLane, lane).scalarMemory(codes.store, codes, offset)
      }
      body.release(v128, vector)
    }
  }

  private loadAt(access: { address: number; strides: readonly number[] }, mode: Mode, position: Position): void {
    const { body, codes } = this
    const stride = this.innerStride(access.strides)
    if (mode === 'scalar') {
      const offset = this.address(access, position)
      body.scalarMemory(codes.load, codes, offset)
    } else if (stride === 1) {
      const offset = this.address(access, position)
      body.vectorMemory(0, codes, offset)
    } else {
      const first = this.address(access, position)
      body.loadSplat(codes, first)
      for (let lane = 1; lane < codes.lanes; lane++) {
        const offset = this.address(access, { counter: position.counter, extra: position.extra + lane })
        body.scalarMemory(codes.load, codes, offset).lane(codes.replaceLane, lane)
      }
    }
  }

  private innerStride(strides: readonly number[]): number {
    return strides.length === 0 ? 0 : strides[strides.length - 1]
  }

  /** Leaves an address on the stack and returns the constant to be added to it by the memory instruction. */
  private address(access: { address: number; strides: readonly number[] }, { counter, extra }: Position): number {
    const { body, codes } = this
    const inner = this.space.length - 1
    const stride = this.innerStride(access.strides)
    const fixed = access.address + extra * stride * codes.bytes
    const group = inner < 0 ? undefined : this.groups.get(outerKey(access.strides, inner))
    // Constants of memory instructions cannot be reached by negative addresses.
    const negative = access.strides.some((s) => s < 0)
    let parts = 0
    const part = (): void => {
      if (parts++ > 0) body.byte(op.i32Add)
    }
    if (group !== undefined) {
      body.get(group)
      part()
    }
    if (counter >= 0 && stride !== 0) {
      body.get(counter)
      if (stride !== 1) body.integer(stride).byte(op.i32Mul)
      part()
    }
    if (negative || parts === 0) {
      body.integer(negative ? fixed : 0)
      part()
    }
    return negative ? 0 : fixed
  }

  /** Leaves the value of a source on the stack. */
  private push(
    source: Source,
    mode: Mode,
    values: Map<Node, Computed>,
    loaded: Map<Load, number>,
    position: Position,
  ): void {
    const { body, codes } = this
    switch (source.kind) {
      case 'constant':
        if (mode === 'vector') body.get(this.constantVector(source.value))
        else body.number(codes, source.value)
        return
      case 'scalar':
        body.get(mode === 'vector' ? (this.splats.get(source.root) as number) : this.host.scalar(source.root))
        return
      case 'value':
        body.get(this.valueOf(values.get(source.root) as Computed, mode))
        return
      case 'load': {
        const hoisted = this.hoisted.get(source.load)
        if (hoisted !== undefined) {
          body.get(mode === 'vector' ? hoisted.vector : hoisted.scalar)
          return
        }
        const found = loaded.get(source.load)
        if (found !== undefined) {
          body.get(found)
          return
        }
        const local = this.take(mode === 'vector' ? v128 : codes.type)
        this.loadAt(source.load, mode, position)
        body.tee(local)
        loaded.set(source.load, local)
      }
    }
  }

  /** The variable with the value of a computed element; a truth becomes 0 or 1 when it is first needed as a number. */
  private valueOf(computed: Computed, mode: Mode): number {
    const { body, codes } = this
    if (computed.value >= 0) return computed.value
    if (mode === 'vector') {
      computed.value = this.take(v128)
      body.get(computed.mask).vectorConstant(codes, 1).simd(0x4e).set(computed.value)
    } else {
      computed.value = this.space.length === 0 ? body.local(codes.type) : this.take(codes.type)
      body.get(computed.mask).byte(codes.convertSigned).set(computed.value)
    }
    return computed.value
  }

  private compute(
    { node, sources }: Item,
    mode: Mode,
    values: Map<Node, Computed>,
    loaded: Map<Load, number>,
    position: Position,
  ): Computed {
    const { body, codes } = this
    const push = (i: number): void => this.push(sources[i], mode, values, loaded, position)
    const name: ElementwiseName | 'copy' = node.operation.kind === 'elementwise' ? node.operation.name : 'copy'
    const computed: Computed = { value: -1, mask: -1 }
    values.set(node, computed)
    if (name === 'lt' || name === 'le' || name === 'eq') {
      push(0)
      push(1)
      if (mode === 'vector') body.simd(codes.vector[name])
      else body.byte(codes.scalar[name])
      computed.mask = this.take(mode === 'vector' ? v128 : i32)
      body.set(computed.mask)
      return computed
    }
    const apply = (instruction: keyof NumberCodes['scalar']): void => {
      if (mode === 'vector') body.simd(codes.vector[instruction])
      else body.byte(codes.scalar[instruction])
    }
    const number = (value: number): void => {
      if (mode === 'vector') body.vectorConstant(codes, value)
      else body.number(codes, value)
    }
    /** Leaves the first of two values on the stack where the condition above them holds. */
    const select = (): void => {
      if (mode === 'vector') body.simd(0x52)
      else body.byte(op.select)
    }
    switch (name) {
      case 'copy':
        push(0)
        break
      case 'add':
      case 'sub':
      case 'mul':
      case 'div':
      case 'min':
      case 'max':
        push(0)
        push(1)
        apply(name)
        break
      case 'neg':
      case 'abs':
      case 'sqrt':
      case 'floor':
      case 'ceil':
        push(0)
        apply(name)
        break
      case 'square':
        push(0)
        push(0)
        apply('mul')
        break
      case 'relu':
        push(0)
        number(0)
        apply('max')
        break
      case 'sign':
        number(1)
        number(-1)
        push(0)
        push(0)
        number(0)
        apply('lt')
        select()
        number(0)
        push(0)
        apply('lt')
        select()
        break
      case 'where': {
        push(1)
        push(2)
        const [condition] = sources
        const known = condition.kind === 'value' ? values.get(condition.root) : undefined
        if (known !== undefined && known.mask >= 0) body.get(known.mask)
        else {
          push(0)
          number(0)
          apply('ne')
        }
        select()
        break
      }
      default:
        this.callFunction(name, sources.length, mode, push)
    }
    computed.value = this.space.length === 0 ? body.local(codes.type) : this.take(mode === 'vector' ? v128 : codes.type)
    body.set(computed.value)
    return computed
  }

  private callFunction(name: ElementwiseName, count: number, mode: Mode, push: (i: number) => void): void {
    const { body, codes } = this
    const target = this.host.call(name, mode)
    const widen = target.double && codes.bytes === 4
    if (target.mode === mode) {
      for (let i = 0; i < count; i++) {
        push(i)
        if (widen) body.byte(0xbb)
      }
      body.call(target.index)
      if (widen) body.byte(0xb6)
      return
    }
    for (let lane = 0; lane < codes.lanes; lane++) {
      for (let i = 0; i < count; i++) {
        push(i)
        body.lane(codes.extractLane, lane)
        if (widen) body.byte(0xbb)
      }
      body.call(target.index)
      if (widen) body.byte(0xb6)
      if (lane === 0) body.simd(codes.splat)
      else body.lane(codes.replaceLane, lane)
    }
  }
}

/** The outer strides of an access as a key; empty when the outer loops do not move it. */
function outerKey(strides: readonly number[], inner: number): string {
  const outer = strides.slice(0, inner)
  return outer.every((s) => s === 0) ? '' : outer.join(',')
}

function operationWeight(node: Node): number {
  if (node.operation.kind !== 'elementwise') return 1
  switch (node.operation.name) {
    case 'add':
    case 'sub':
    case 'mul':
    case 'neg':
    case 'abs':
    case 'square':
    case 'min':
    case 'max':
    case 'relu':
    case 'lt':
    case 'le':
    case 'eq':
    case 'where':
    case 'floor':
    case 'ceil':
      return 1
    case 'div':
    case 'sqrt':
    case 'sign':
      return 3
    default:
      return 12
  }
}
