import {
  type CompiledUpdate,
  compile,
  compileUpdate,
  gradientOf,
  logSoftmax,
  matmul,
  type Node,
  parameters,
  pow,
  relu,
  sqrt,
  square,
  sub,
  sum,
} from '../../src/autodiff/index.ts'
import { RandomStream } from '../../src/base/random.ts'
import type { BenchmarkRow } from '../row.ts'
import { median, medianMs } from './measure.ts'

const [inputs, first, second, classes, batch] = [784, 256, 128, 10, 128]
const learningRate = 1e-3
const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8]
const tree = parameters({
  w1: [inputs, first],
  b1: [first],
  w2: [first, second],
  b2: [second],
  w3: [second, classes],
  b3: [classes],
})

function lossOf(p: Node, X: Node, Y: Node): Node {
  const w = tree.nodes(p)
  const a = relu(matmul(X, w.w1).add(w.b1))
  const b = relu(matmul(a, w.w2).add(w.b2))
  return sum(logSoftmax(matmul(b, w.w3).add(w.b3)).mul(Y)).div(-batch)
}

function network(): CompiledUpdate {
  const n = tree.size
  return compileUpdate(
    {
      state: { p: [n], m: [n], v: [n], t: [] },
      data: { X: [batch, inputs], Y: [batch, classes] },
      precision: 'f32',
    },
    ({ p, m, v, t }, { X, Y }) => {
      const loss = lossOf(p, X, Y)
      const [g] = gradientOf(loss, [p])
      const next = t.add(1)
      const mean = m.mul(beta1).add(g.mul(1 - beta1))
      const spread = v.mul(beta2).add(square(g).mul(1 - beta2))
      const [c1, c2] = [sub(1, pow(beta1, next)), sub(1, pow(beta2, next))]
      const step = mean
        .div(c1)
        .mul(learningRate)
        .div(sqrt(spread.div(c2)).add(epsilon))
      return { next: { p: p.sub(step), m: mean, v: spread, t: next }, report: loss }
    },
  ) as unknown as CompiledUpdate
}

function startingPoint(stream: RandomStream): Float32Array {
  const p = new Float32Array(tree.size)
  for (const { shape, offset, size } of tree.entries) {
    if (shape.length < 2) continue
    for (let i = 0; i < size; i++) p[offset + i] = stream.normal() * Math.sqrt(2 / shape[0])
  }
  return p
}

/**
 * One training step (forward, backward, Adam) of a multilayer perceptron in single precision. The peer, jax-js on its wasm
 * backend, is looked for in the folder that the environment variable THALWEG_PEERS names; it is no dependency of ours.
 */
export async function trainingStep(): Promise<BenchmarkRow[]> {
  const stream = RandomStream.fromSeed(4)
  const p = startingPoint(stream)
  const X = stream.fillUniform(new Float32Array(batch * inputs))
  const Y = new Float32Array(batch * classes)
  for (let i = 0; i < batch; i++) Y[i * classes + stream.integer(classes)] = 1

  const training = network()
  training.write('p', p)
  training.setData('X', X)
  training.setData('Y', Y)
  const loss = training.step()
  training.write('p', p)
  for (const name of ['m', 'v']) training.write(name, new Float32Array(tree.size))
  training.write('t', 0)

  const peer = await jaxStep(p, X, Y)
  let oursMs = Number.NaN
  let peerMs = Number.NaN
  if (peer === undefined) oursMs = medianMs(() => training.step(), 40)
  else {
    const times: [number[], number[]] = [[], []]
    for (let run = -15; run < 40; run++) {
      const start = performance.now()
      training.step()
      const between = performance.now()
      const theirs = await peer()
      const end = performance.now()
      if (run === -15 && Math.abs(theirs - loss) > 1e-3) throw new Error(`losses differ: ${loss} and ${theirs}`)
      if (run < 0) continue
      times[0].push(between - start)
      times[1].push(end - between)
    }
    oursMs = median(times[0])
    peerMs = median(times[1])
  }
  const ratio = peerMs / oursMs

  // The same network in double precision: a Hessian product against a gradient.
  const f = compile(lossOf, [
    { shape: [tree.size] },
    { shape: [batch, inputs], data: X },
    { shape: [batch, classes], data: Y },
  ])
  const point = Float64Array.from(p)
  const out = new Float64Array(tree.size)
  const gradientMs = medianMs(() => f.gradient(point, out), 10)
  const productMs = medianMs(() => {
    point[0] += 1e-9
    f.hvp(point, f64p, out)
  }, 10)
  return [
    {
      name: 'training step of a perceptron with Adam, f32',
      size: `${inputs}-${first}-${second}-${classes}, batch ${batch}`,
      peer: peer === undefined ? 'jax-js (not installed)' : 'jax-js (wasm)',
      oursMs,
      peerMs,
      ratio,
      ...(peer === undefined ? {} : { bar: '>= 1', holds: ratio >= 1 }),
    },
    {
      name: 'Hessian product of the perceptron, f64',
      size: `${inputs}-${first}-${second}-${classes}, batch ${batch}`,
      peer: 'its gradient',
      oursMs: productMs,
      peerMs: gradientMs,
      ratio: gradientMs / productMs,
      bar: '>= 0.33',
      holds: gradientMs / productMs >= 1 / 3,
    },
  ]
}

const f64p = RandomStream.fromSeed(5).fillNormal(new Float64Array(tree.size))

// What is used of jax-js. Its arrays are freed by their first use; `ref` keeps one alive for another.
interface JaxArray {
  readonly ref: JaxArray
  reshape(shape: number[]): JaxArray
  add(other: JaxArray | number): JaxArray
  sub(other: JaxArray): JaxArray
  mul(other: JaxArray | number): JaxArray
  div(other: JaxArray): JaxArray
  sum(): JaxArray
  js(): number
  dispose(): void
}
type JaxTree = Record<string, JaxArray>
interface Jax {
  init(device: string): Promise<unknown>
  defaultDevice(device: string): void
  numpy: Record<'matmul', (a: JaxArray, b: JaxArray) => JaxArray> &
    Record<'sqrt' | 'square' | 'zerosLike', (a: JaxArray) => JaxArray> & {
      array(values: Float32Array | number): JaxArray
    }
  nn: Record<'relu' | 'logSoftmax', (a: JaxArray) => JaxArray>
  tree: { ref(tree: JaxTree): JaxTree; map(f: (a: JaxArray) => JaxArray, tree: JaxTree): JaxTree }
  jit<A extends unknown[], R>(f: (...args: A) => R): (...args: A) => R
  valueAndGrad(
    f: (p: JaxTree, X: JaxArray, Y: JaxArray) => JaxArray,
  ): (p: JaxTree, X: JaxArray, Y: JaxArray) => [JaxArray, JaxTree]
  blockUntilReady(array: JaxArray): Promise<unknown>
}

/** The same training step in jax-js, or undefined where it is not installed. */
async function jaxStep(
  start: Float32Array,
  inputsData: Float32Array,
  labels: Float32Array,
): Promise<(() => Promise<number>) | undefined> {
  const folder = process.env.THALWEG_PEERS
  if (folder === undefined) return undefined
  const location = `file://${folder}/node_modules/@jax-js/jax/dist/index.js`
  const jax = (await import(location)) as Jax
  const { numpy: np, nn, tree: trees } = jax
  await jax.init('wasm')
  jax.defaultDevice('wasm')
  let p: JaxTree = {}
  for (const { name, shape, offset, size } of tree.entries) {
    p[name] = np.array(start.slice(offset, offset + size)).reshape([...shape])
  }
  let m = trees.map((a) => np.zerosLike(a), trees.ref(p))
  let v = trees.map((a) => np.zerosLike(a), trees.ref(p))
  const X = np.array(inputsData.slice()).reshape([batch, inputs])
  const Y = np.array(labels.slice()).reshape([batch, classes])
  const loss = (w: JaxTree, X: JaxArray, Y: JaxArray): JaxArray => {
    const a = nn.relu(np.matmul(X, w.w1).add(w.b1))
    const b = nn.relu(np.matmul(a, w.w2).add(w.b2))
    return nn
      .logSoftmax(np.matmul(b, w.w3).add(w.b3))
      .mul(Y)
      .sum()
      .mul(-1 / batch)
  }
  const step = jax.jit((p: JaxTree, m: JaxTree, v: JaxTree, c1: JaxArray, c2: JaxArray, X: JaxArray, Y: JaxArray) => {
    const [value, g] = jax.valueAndGrad(loss)(trees.ref(p), X, Y)
    const next: [JaxTree, JaxTree, JaxTree] = [{}, {}, {}]
    for (const { name } of tree.entries) {
      const mean = m[name].mul(beta1).add(g[name].ref.mul(1 - beta1))
      const spread = v[name].mul(beta2).add(np.square(g[name]).mul(1 - beta2))
      const scale = np.sqrt(spread.ref.mul(c2.ref)).add(epsilon)
      next[0][name] = p[name].sub(mean.ref.mul(c1.ref).mul(learningRate).div(scale))
      next[1][name] = mean
      next[2][name] = spread
    }
    c1.dispose()
    c2.dispose()
    return [value, ...next] as [JaxArray, JaxTree, JaxTree, JaxTree]
  })
  let t = 0
  return async () => {
    t++
    const [c1, c2] = [np.array(1 / (1 - beta1 ** t)), np.array(1 / (1 - beta2 ** t))]
    let value: JaxArray
    ;[value, p, m, v] = step(p, m, v, c1, c2, X.ref, Y.ref)
    await jax.blockUntilReady(p.w1.ref)
    return value.js()
  }
}
