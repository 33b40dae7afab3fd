import { Node, topological, uniformValue } from './node.ts'
import {
  type Affine,
  broadcastStrides,
  composeViews,
  isContiguous,
  rowMajorStrides,
  type Shape,
  sameShape,
  sizeOf,
} from './shape.ts'

/**
 * When a node is computed: 0 once per set of data, 1 once per point x, 2 once per direction at a point. Each stage is a
 * function of its own, so that many directions at one point share the work at the point.
 */
export type Stage = 0 | 1 | 2

/** A piece of the workspace that holds the value of a node while it is needed. */
export interface Buffer {
  /** Elements. */
  readonly size: number
  /** The first and last step that touches it. */
  first: number
  last: number
  /** Where it is, in bytes; set by the planner. */
  address: number
  /** A buffer of which this is a part, at an offset in elements. */
  parent: { readonly buffer: Buffer; readonly offset: number } | undefined
  /** Held elsewhere (inputs and constants): not planned here. */
  readonly external: boolean
}

/** Where the elements of a node are found: through strides in the buffer of a node that is computed or given. */
export interface Access extends Affine {
  readonly root: Node
}

/** How an operand is read inside a loop over `space`. */
export type Read =
  | { readonly kind: 'constant'; readonly value: number }
  /** A number held in a local variable or a buffer of one element. */
  | { readonly kind: 'scalar'; readonly root: Node }
  /** The element that the same loop has just computed. */
  | { readonly kind: 'value'; readonly root: Node }
  | { readonly kind: 'memory'; readonly root: Node; readonly offset: number; readonly strides: readonly number[] }

/** One element-wise pass over an index space: many operations, stores and reductions in one loop nest. */
export interface LoopStep {
  readonly kind: 'loop'
  readonly stage: Stage
  /** Lengths of the axes, without those of length 1. */
  readonly space: readonly number[]
  /** Element-wise operations and copies, in order. */
  readonly items: Node[]
  readonly reductions: Node[]
  /** Parts of scatters whose value is stored, or added, by this pass. */
  readonly terms: ScatterTerm[]
  /** Buffers to be filled with zeros before. */
  readonly zeroed: Buffer[]
  /** Position in the sequence of steps. */
  index: number
  /** Number of the function that it belongs to, within its stage. */
  chunk: number
}

export interface ScatterTerm {
  readonly scatter: Node
  readonly term: Node
  readonly view: Affine
  readonly accumulate: boolean
}

/** A step that is one node: a product, a gather, a running sum, an oracle. */
export interface SingleStep {
  readonly kind: 'single'
  readonly stage: Stage
  readonly node: Node
  readonly zeroed: Buffer[]
  index: number
  chunk: number
}

export type Step = LoopStep | SingleStep

/** A graph as a sequence of steps on buffers. */
export interface Plan {
  readonly steps: readonly Step[]
  /** The nodes that hold the outputs, in the order asked for. */
  readonly outputs: readonly Node[]
  readonly buffers: ReadonlyMap<Node, Buffer>
  /** Outputs that are written over an input, as they were asked to be. */
  readonly overwrites: ReadonlyMap<Node, Node>
  /** Bytes of the planned part of the workspace. */
  readonly bytes: number
  /** Sets the address of the planned part, a multiple of 16; until then it is 0. To be called once. */
  moveTo(base: number): void
  access(node: Node): Access
  stageOf(node: Node): Stage
  read(step: LoopStep, operand: Node, shape: Shape): Read
}

// A loop with more operations than this would spill everything and makes compilation of the module slow.
const largestLoop = 400

/**
 * Turns a simplified graph into steps: views become strides, element-wise operations over the same index space share one
 * loop nest with the reductions and placements that consume them, and only what crosses a loop gets a buffer.
 *
 * @param outputs what to compute
 * @param stages the stage of every input
 * @param elementBytes 8 or 4
 * @param replaces for outputs (by position) the inputs whose next values they are: written in place where nothing reads the
 *   old values later
 */
export function lower(
  outputs: readonly Node[],
  stages: ReadonlyMap<Node, Stage>,
  elementBytes: number,
  replaces: ReadonlyMap<number, Node> = new Map(),
): Plan {
  return new Lowering(stages).run(outputs, elementBytes, replaces)
}

class Lowering {
  private readonly stages: ReadonlyMap<Node, Stage>
  private readonly accesses = new Map<Node, Access>()
  private readonly replaced = new Map<Node, Node>()
  private readonly copies = new Map<Node, Node>()
  private readonly stage = new Map<Node, Stage>()
  private readonly steps: [Step[], Step[], Step[]] = [[], [], []]
  /** The step after which a root is complete. */
  private readonly producer = new Map<Node, Step>()
  private readonly loopsBySpace = new Map<string, LoopStep[]>()
  private readonly buffers = new Map<Node, Buffer>()
  private readonly itemOf = new Map<Node, LoopStep>()
  private readonly outputSet = new Set<Node>()

  constructor(stages: ReadonlyMap<Node, Stage>) {
    this.stages = stages
  }

  run(outputs: readonly Node[], elementBytes: number, replaces: ReadonlyMap<number, Node>): Plan {
    const roots = this.prepare(outputs)
    for (const root of roots) this.outputSet.add(root)
    for (const node of topological(roots)) this.place(node)
    for (const list of this.steps) cutIntoFunctions(list)
    const steps = this.steps.flat()
    steps.forEach((step, index) => {
      step.index = index
    })
    this.planBuffers(steps, roots)
    const overwrites = this.overwrite(steps, roots, replaces)
    const planned = [...this.buffers].filter(([root]) => !overwrites.has(root)).map(([, buffer]) => buffer)
    const bytes = allocate(planned, elementBytes)
    return {
      steps,
      outputs: roots,
      buffers: this.buffers,
      overwrites,
      bytes,
      moveTo: (base) => {
        for (const buffer of planned) if (!buffer.external) buffer.address += base
      },
      access: (node) => this.accessOf(node),
      stageOf: (node) => this.stage.get(node) as Stage,
      read: (step, operand, shape) => this.read(step, operand, shape),
    }
  }

  // ---- Making every view readable ----------------------------------------------------------------------------------

  private prepare(outputs: readonly Node[]): Node[] {
    for (const node of topological(outputs)) this.replaced.set(node, this.prepared(node))
    return outputs.map((output) => {
      const node = this.replaced.get(output) as Node
      const { kind } = node.operation
      return kind === 'input' || kind === 'constant' || this.accessOf(node).root !== node ? this.copied(node) : node
    })
  }

  private prepared(node: Node): Node {
    const inputs = node.inputs.map((input) => this.replaced.get(input) as Node)
    const { operation, shape } = node
    switch (operation.kind) {
      case 'input':
      case 'constant':
        return this.asRoot(node)
      case 'stopGradient':
      case 'copy':
        return inputs[0]
      case 'reshape':
        return this.moved(node, inputs[0], { offset: 0, strides: rowMajorStrides(shape) })
      case 'view':
        return this.moved(node, inputs[0], operation.view)
      case 'matmul':
        return this.asRoot(
          rebuilt(
            node,
            inputs.map((input) => (this.isMatrixLike(input) ? input : this.copied(input))),
          ),
        )
      case 'gather':
      case 'scatterAdd':
      case 'cumulativeSum':
      case 'oracle':
        return this.asRoot(
          rebuilt(
            node,
            inputs.map((input) => (this.isBlock(input) ? input : this.copied(input))),
          ),
        )
      case 'elementwise':
      case 'reduce':
      case 'scatter':
        return this.asRoot(rebuilt(node, inputs))
    }
  }

  private asRoot(node: Node): Node {
    if (!this.accesses.has(node)) {
      this.accesses.set(node, { root: node, offset: 0, strides: rowMajorStrides(node.shape) })
    }
    return node
  }

  private accessOf(node: Node): Access {
    return this.accesses.get(node) as Access
  }

  /** A view or reshape, as strides in the memory of its root; through a copy where strides do not suffice. */
  private moved(node: Node, input: Node, view: Affine): Node {
    const inner = this.accessOf(input)
    const composed = composeViews(input.shape, inner, node.shape, view)
    const from = composed === undefined ? this.copied(input) : input
    const moved = rebuilt(node, [from])
    this.accesses.set(
      moved,
      composed === undefined
        ? { root: from, offset: view.offset, strides: view.strides }
        : { root: inner.root, ...composed },
    )
    return moved
  }

  private copied(node: Node): Node {
    const found = this.copies.get(node)
    if (found !== undefined) return found
    const copy = this.asRoot(new Node({ kind: 'copy' }, [node], node.shape))
    this.copies.set(node, copy)
    return copy
  }

  /** Whether all elements lie one after the other in memory. */
  private isBlock(node: Node): boolean {
    const access = this.accessOf(node)
    if (uniformValue(access.root) !== undefined) return false
    return isContiguous(node.shape, { offset: 0, strides: access.strides })
  }

  /** Whether the last two axes are a row-major matrix or the transpose of one. */
  private isMatrixLike(node: Node): boolean {
    const access = this.accessOf(node)
    if (uniformValue(access.root) !== undefined) return false
    return matrixLayout(node.shape, access.strides) !== undefined
  }

  // ---- Choosing the step of each node ------------------------------------------------------------------------------

  private place(node: Node): void {
    const { operation } = node
    if (operation.kind === 'input' || operation.kind === 'constant') {
      this.stage.set(node, operation.kind === 'input' ? (this.stages.get(node) as Stage) : 0)
      return
    }
    const stage = Math.max(0, ...node.inputs.map((input) => this.stage.get(input) as Stage)) as Stage
    this.stage.set(node, stage)
    switch (operation.kind) {
      case 'reshape':
      case 'view':
        return
      case 'elementwise':
      case 'copy': {
        const loop = this.loopFor(stage, node.shape, node.inputs, node.shape)
        loop.items.push(node)
        this.itemOf.set(node, loop)
        this.producer.set(node, loop)
        return
      }
      case 'reduce': {
        const [x] = node.inputs
        const loop = this.loopFor(stage, x.shape, [x], x.shape)
        loop.reductions.push(node)
        this.producer.set(node, loop)
        return
      }
      case 'scatter':
        this.placeScatter(node, stage)
        return
      default: {
        const step: SingleStep = { kind: 'single', stage, node, zeroed: [], index: this.steps[stage].length, chunk: 0 }
        this.steps[stage].push(step)
        this.producer.set(node, step)
      }
    }
  }

  /** The first loop over the index space of `shape` that can read all operands, or a new one. */
  private loopFor(stage: Stage, shape: Shape, operands: readonly Node[], target: Shape, earliest = 0): LoopStep {
    const space = shape.filter((n) => n !== 1)
    const key = `${stage}:${space.join(',')}`
    let bound = earliest
    for (const operand of operands) {
      const { root } = this.accessOf(operand)
      const step = this.producer.get(root)
      if (step === undefined || step.stage !== stage) continue
      const sameLoop = this.itemOf.get(root) === step && this.isIdentity(operand, target, space)
      bound = Math.max(bound, sameLoop ? step.index : step.index + 1)
    }
    const candidates = this.loopsBySpace.get(key) ?? []
    for (const loop of candidates) {
      if (loop.index < bound || loop.items.length + loop.terms.length + loop.reductions.length >= largestLoop) continue
      return loop
    }
    const loop: LoopStep = {
      kind: 'loop',
      stage,
      space,
      items: [],
      reductions: [],
      terms: [],
      zeroed: [],
      index: this.steps[stage].length,
      chunk: 0,
    }
    this.steps[stage].push(loop)
    candidates.push(loop)
    this.loopsBySpace.set(key, candidates)
    return loop
  }

  /** Whether a loop over `space` that computes the root of `operand` visits exactly the element that is read. */
  private isIdentity(operand: Node, target: Shape, space: readonly number[]): boolean {
    const { root, offset, strides } = this.accessOf(operand)
    const rootSpace = root.shape.filter((n) => n !== 1)
    if (!sameShape(rootSpace, space) || offset !== 0) return false
    const aligned = broadcastStrides(operand.shape, strides, target).filter((_, d) => target[d] !== 1)
    return rowMajorStrides(space).every((stride, d) => stride === aligned[d])
  }

  private read(step: LoopStep, operand: Node, shape: Shape): Read {
    const { root, offset, strides } = this.accessOf(operand)
    const value = uniformValue(root)
    if (value !== undefined) return { kind: 'constant', value }
    if (this.itemOf.get(root) === step && this.isIdentity(operand, shape, step.space)) return { kind: 'value', root }
    if (root.size === 1) return { kind: 'scalar', root }
    const aligned = broadcastStrides(operand.shape, strides, shape).filter((_, d) => shape[d] !== 1)
    return { kind: 'memory', root, offset, strides: aligned }
  }

  private placeScatter(node: Node, stage: Stage): void {
    if (node.operation.kind !== 'scatter') return
    const { views } = node.operation
    const buffer = this.bufferOf(node)
    const { covers, plain } = overlaps(node, views)
    const disjoint = plain.every((p) => p)
    let first = Infinity
    let last = 0
    const loops = new Map<LoopStep, boolean>()
    node.inputs.forEach((term, t) => {
      const { root } = this.accessOf(term)
      const producer = this.producer.get(root)
      const inPlace =
        disjoint &&
        producer !== undefined &&
        this.stage.get(root) === stage &&
        root.size > 1 &&
        !this.outputSet.has(root) &&
        this.buffers.get(root)?.parent === undefined &&
        this.accessOf(term).offset === 0 &&
        root.size === term.size &&
        isContiguous(term.shape, { offset: 0, strides: this.accessOf(term).strides }) &&
        isContiguous(term.shape, { offset: 0, strides: views[t].strides })
      if (inPlace) {
        // The term is computed where it belongs.
        this.bufferOf(root).parent = { buffer, offset: views[t].offset }
        first = Math.min(first, this.firstWrite(root, producer))
        last = Math.max(last, producer.index)
        return
      }
      // Terms that overlap are added one pass after the other: each pass is then free of conflicts between its own stores.
      const earliest = plain[t] ? 0 : last + 1
      const loop = this.loopFor(stage, term.shape, [term], term.shape, earliest)
      loop.terms.push({ scatter: node, term, view: views[t], accumulate: !plain[t] })
      loops.set(loop, true)
      first = Math.min(first, loop.index)
      last = Math.max(last, loop.index)
    })
    if (!covers || !disjoint) this.steps[stage][first].zeroed.push(buffer)
    this.producer.set(node, this.steps[stage][last])
    this.firstWrites.set(node, first)
  }

  private readonly firstWrites = new Map<Node, number>()

  private firstWrite(root: Node, producer: Step): number {
    return this.firstWrites.get(root) ?? producer.index
  }

  // ---- Buffers -----------------------------------------------------------------------------------------------------

  private bufferOf(root: Node): Buffer {
    const found = this.buffers.get(root)
    if (found !== undefined) return found
    const { kind } = root.operation
    const buffer: Buffer = {
      size: root.size,
      first: Infinity,
      last: -1,
      address: -1,
      parent: undefined,
      external: kind === 'input' || kind === 'constant',
    }
    this.buffers.set(root, buffer)
    return buffer
  }

  /** Gives a buffer to what is read from memory, and notes the first and last step that touches it. */
  private planBuffers(steps: readonly Step[], outputs: readonly Node[]): void {
    const touch = (root: Node, index: number): void => {
      const buffer = this.bufferOf(root)
      const producer = this.producer.get(root)
      for (let at: Buffer | undefined = buffer; at !== undefined; at = at.parent?.buffer) {
        at.first = Math.min(at.first, index, producer?.index ?? index)
        at.last = Math.max(at.last, index, producer?.index ?? index)
        // What a later stage reads must outlive every repetition of that stage.
        if (producer !== undefined && producer.stage !== steps[index].stage) at.last = Infinity
      }
    }
    for (const step of steps) {
      if (step.kind === 'single') {
        for (const input of step.node.inputs) touch(this.accessOf(input).root, step.index)
        touch(step.node, step.index)
        continue
      }
      const consider = (operand: Node, shape: Shape): void => {
        const read = this.read(step, operand, shape)
        if (read.kind === 'memory') touch(read.root, step.index)
        // Numbers live in local variables unless another function needs them; see `Emitter`.
        if (read.kind === 'scalar' && this.needsMemory(read.root, step)) touch(read.root, step.index)
      }
      for (const item of step.items) for (const input of item.inputs) consider(input, item.shape)
      for (const node of step.reductions) consider(node.inputs[0], node.inputs[0].shape)
      for (const { scatter, term } of step.terms) {
        consider(term, term.shape)
        touch(scatter, step.index)
      }
      for (const node of step.reductions) if (node.size > 1) touch(node, step.index)
    }
    for (const output of outputs) {
      const producer = this.producer.get(output) as Step
      touch(output, producer.index)
      for (let at: Buffer | undefined = this.bufferOf(output); at !== undefined; at = at.parent?.buffer) {
        at.last = Infinity
      }
    }
    for (const step of steps) {
      for (const buffer of step.zeroed) {
        for (let at: Buffer | undefined = buffer; at !== undefined; at = at.parent?.buffer) {
          at.first = Math.min(at.first, step.index)
        }
      }
    }
    // A part is written when its own root is computed, which may be before anything touches the whole.
    for (const [root, buffer] of this.buffers) {
      const producer = this.producer.get(root)
      if (producer === undefined) continue
      for (let at: Buffer | undefined = buffer; at !== undefined; at = at.parent?.buffer) {
        at.first = Math.min(at.first, producer.index)
        at.last = Math.max(at.last, producer.index)
      }
    }
  }

  /** Which outputs can be written over the inputs that they replace. */
  private overwrite(
    steps: readonly Step[],
    outputs: readonly Node[],
    replaces: ReadonlyMap<number, Node>,
  ): Map<Node, Node> {
    const chosen = new Map<Node, Node>()
    for (const [position, input] of replaces) {
      const root = outputs[position]
      const loop = this.itemOf.get(root)
      const alone = outputs.filter((other) => other === root).length === 1
      if (loop === undefined || loop.stage !== 1 || !alone || root.size === 1 || root.size !== input.size) continue
      if (this.bufferOf(root).parent !== undefined) continue
      const parts = [...this.buffers.values()].some((buffer) => buffer.parent?.buffer === this.buffers.get(root))
      // The old values may be read before, and in the same loop at the same position only.
      const safe = steps.every((step) => step.index < loop.index || this.readsOnlyInStep(step, input, loop))
      if (safe && !parts) chosen.set(root, input)
    }
    return chosen
  }

  private readsOnlyInStep(step: Step, input: Node, loop: LoopStep): boolean {
    const own = rowMajorStrides(loop.space)
    const fits = (operand: Node, shape: Shape): boolean => {
      const { root } = this.accessOf(operand)
      if (root !== input) return true
      if (step !== loop) return false
      const read = this.read(loop, operand, shape)
      return read.kind === 'memory' && read.offset === 0 && own.every((stride, d) => stride === read.strides[d])
    }
    const absent = (operand: Node): boolean => this.accessOf(operand).root !== input
    if (step.kind === 'single') return step.node.inputs.every(absent)
    // Operations load their operands before anything is stored; reductions and placements may load theirs after.
    return (
      step.items.every((item) => item.inputs.every((operand) => fits(operand, item.shape))) &&
      step.reductions.every((node) => absent(node.inputs[0])) &&
      step.terms.every(({ term }) => absent(term))
    )
  }

  private needsMemory(root: Node, reader: Step): boolean {
    const { kind } = root.operation
    if (kind !== 'elementwise' && kind !== 'copy' && kind !== 'reduce') return true
    const producer = this.producer.get(root) as Step
    return producer.stage !== reader.stage || producer.chunk !== reader.chunk
  }
}

// Larger functions take engines disproportionately long to compile, or are not optimised at all.
const operationsPerFunction = 1500

/** Steps are cut into functions of bounded size; numbers that cross from one to another go through memory. */
function cutIntoFunctions(steps: readonly Step[]): void {
  let chunk = 0
  let operations = 0
  for (const step of steps) {
    const weight = step.kind === 'single' ? 10 : 5 + step.items.length + step.terms.length + step.reductions.length
    if (operations > 0 && operations + weight > operationsPerFunction) {
      chunk++
      operations = 0
    }
    operations += weight
    step.chunk = chunk
  }
}

function rebuilt(node: Node, inputs: readonly Node[]): Node {
  return inputs.every((input, i) => input === node.inputs[i]) ? node : new Node(node.operation, inputs, node.shape)
}

/** How a product reads the last two axes of an operand: row-major with `stride` between rows, or the transpose of that. */
export function matrixLayout(
  shape: Shape,
  strides: readonly number[],
): { transposed: boolean; stride: number } | undefined {
  const rank = shape.length
  const [rows, columns] = [shape[rank - 2], shape[rank - 1]]
  const [down, across] = [strides[rank - 2], strides[rank - 1]]
  if (columns === 1 && rows === 1) return { transposed: false, stride: 1 }
  if ((across === 1 || columns === 1) && (down >= columns || rows === 1)) {
    return { transposed: false, stride: rows === 1 ? columns : down }
  }
  if ((down === 1 || rows === 1) && (across >= rows || columns === 1)) {
    return { transposed: true, stride: columns === 1 ? rows : across }
  }
  return undefined
}

/** Which terms of a scatter may be stored rather than added, and whether they fill the whole array together. */
function overlaps(node: Node, views: readonly Affine[]): { covers: boolean; plain: boolean[] } {
  const taken = new Uint8Array(node.size)
  let filled = 0
  const plain = node.inputs.map((term, t) => {
    let clean = true
    visit(term.shape, views[t], (position) => {
      if (taken[position] === 0) filled++
      else clean = false
      taken[position] = 1
    })
    return clean
  })
  return { covers: filled === node.size, plain }
}

function visit(shape: Shape, { offset, strides }: Affine, each: (position: number) => void): void {
  const rank = shape.length
  const index = new Array<number>(rank).fill(0)
  let at = offset
  for (let count = sizeOf(shape); count > 0; count--) {
    each(at)
    for (let d = rank - 1; d >= 0; d--) {
      at += strides[d]
      if (++index[d] < shape[d]) break
      at -= strides[d] * shape[d]
      index[d] = 0
    }
  }
}

/** Addresses for all buffers, such that two that are alive at the same step never overlap. Returns the bytes needed. */
function allocate(buffers: readonly Buffer[], elementBytes: number): number {
  const own = buffers.filter((buffer) => !buffer.external && buffer.parent === undefined)
  // Single numbers get places of their own: there may be thousands, and reusing them would save nothing.
  let top = 0
  for (const buffer of own) {
    if (buffer.size > 1) continue
    buffer.address = top
    top += elementBytes
  }
  const base = Math.ceil(top / 16) * 16
  top = base
  const arrays = own.filter((buffer) => buffer.size > 1)
  arrays.sort((a, b) => a.first - b.first || b.size - a.size)
  let active: { buffer: Buffer; end: number }[] = []
  for (const buffer of arrays) {
    active = active.filter((other) => other.buffer.last >= buffer.first)
    const bytes = Math.ceil((buffer.size * elementBytes) / 16) * 16
    // First gap that is wide enough; `active` is sorted by address.
    let address = base
    let at = 0
    for (; at < active.length; at++) {
      if (active[at].buffer.address - address >= bytes) break
      address = active[at].end
    }
    buffer.address = address
    active.splice(at, 0, { buffer, end: address + bytes })
    top = Math.max(top, address + bytes)
  }
  const settle = (buffer: Buffer): number => {
    if (buffer.parent !== undefined) {
      buffer.address = settle(buffer.parent.buffer) + buffer.parent.offset * elementBytes
    }
    return buffer.address
  }
  for (const buffer of buffers) if (!buffer.external) settle(buffer)
  return top
}
