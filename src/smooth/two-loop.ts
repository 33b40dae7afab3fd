import { Workspace } from '../linalg/index.ts'

/** The last pairs s_i = x_{i+1} - x_i, y_i = g_{i+1} - g_i with positive curvature, as a ring. Plain data. */
export interface CorrectionPairs {
  /** Rows s_i and y_i, each [memory, n]. */
  steps: Float64Array
  changes: Float64Array
  /** 1 / <s_i, y_i>. */
  curvatures: Float64Array
  /** Coefficients of the two-loop recursion. */
  coefficients: Float64Array
  /** <s, y> / <y, y> of the latest pair. */
  initialScale: number
  /** Row of the next pair, and number of pairs. */
  next: number
  count: number
}

export function correctionPairs(memory: number, n: number): CorrectionPairs {
  return {
    steps: new Float64Array(memory * n),
    changes: new Float64Array(memory * n),
    curvatures: new Float64Array(memory),
    coefficients: new Float64Array(memory),
    initialScale: 1,
    next: 0,
    count: 0,
  }
}

/**
 * A copy of the pairs of one run in the memory of the vector kernels, which are several times faster than plain loops. Only a
 * copy, recognised by the array that it was made from: another run takes the place over, and the first one copies anew.
 */
interface Mirror {
  readonly workspace: Workspace
  readonly steps: Float64Array
  readonly changes: Float64Array
  readonly direction: Float64Array
  readonly curvatures: Float64Array
  readonly coefficients: Float64Array
  owner: Float64Array | null
}

let mirror: Mirror | undefined

/** Below this length calling a kernel costs more than a plain loop. */
const KERNEL_LENGTH = 32
/** Pairs of more numbers than this stay where they are: copying them would cost memory that is worth more than speed. */
const MIRROR_LIMIT = 4e6

function mirrorOf({ steps, changes, curvatures }: CorrectionPairs, n: number): Mirror {
  const memory = curvatures.length
  if (
    mirror === undefined ||
    mirror.steps.length < steps.length ||
    mirror.direction.length < n ||
    mirror.curvatures.length < memory
  ) {
    const workspace = new Workspace(8 * (2 * steps.length + n + 2 * memory) + 5 * 64)
    mirror = {
      workspace,
      steps: workspace.float64(steps.length),
      changes: workspace.float64(steps.length),
      direction: workspace.float64(n),
      curvatures: workspace.float64(memory),
      coefficients: workspace.float64(memory),
      owner: null,
    }
  }
  if (mirror.owner !== steps) {
    mirror.steps.set(steps)
    mirror.changes.set(changes)
    mirror.owner = steps
  }
  return mirror
}

/** Below this cosine between s and y the pair says nothing reliable about the curvature. */
const SMALLEST_COSINE = 1e-12

/** The row of the k-th pair, the oldest being the 0th. */
export function pairRow({ next, count, curvatures }: CorrectionPairs, k: number): number {
  const row = next - count + k
  return row < 0 ? row + curvatures.length : row
}

/**
 * Stores the pair of a step from (x, g) to (x+, g+), if its curvature is reliably positive; a full memory loses its oldest pair
 * either way. Returns whether the pair was stored.
 */
export function addPair(
  pairs: CorrectionPairs,
  x: Float64Array,
  gradient: Float64Array,
  nextX: Float64Array,
  nextGradient: Float64Array,
): boolean {
  const { steps, changes, curvatures, next } = pairs
  const n = x.length
  const memory = curvatures.length
  const at = next * n
  // Without a mirror the second pair of stores repeats the first.
  const { steps: mirroredSteps, changes: mirroredChanges } = mirror?.owner === steps ? mirror : pairs
  let sy = 0
  let ss = 0
  let yy = 0
  for (let i = 0; i < n; i++) {
    const s = nextX[i] - x[i]
    const y = nextGradient[i] - gradient[i]
    steps[at + i] = s
    changes[at + i] = y
    mirroredSteps[at + i] = s
    mirroredChanges[at + i] = y
    sy += s * y
    ss += s * s
    yy += y * y
  }
  const inverse = 1 / sy
  if (!(sy > SMALLEST_COSINE * Math.sqrt(ss) * Math.sqrt(yy)) || !Number.isFinite(inverse)) {
    // The oldest pair of a full ring has been overwritten by the unusable one; it leaves.
    if (pairs.count === memory) pairs.count--
    return false
  }
  curvatures[next] = inverse
  pairs.initialScale = sy / yy
  pairs.next = next === memory - 1 ? 0 : next + 1
  if (pairs.count < memory) pairs.count++
  return true
}

/**
 * out = -H g for the BFGS matrix H of the pairs, whose initial matrix is <s, y> / <y, y> I.
 *
 * @returns <g, out>
 * @see Nocedal and Wright, Numerical Optimization, 2nd ed. (2006), Algorithm 7.4 and Eq. (7.20)
 */
export function twoLoop(pairs: CorrectionPairs, gradient: Float64Array, out: Float64Array): number {
  const n = gradient.length
  let result = out
  if (pairs.count > 0 && n >= KERNEL_LENGTH && pairs.steps.length <= MIRROR_LIMIT) {
    result = twoLoopOnKernels(pairs, gradient)
  } else {
    for (let i = 0; i < n; i++) out[i] = -gradient[i]
    if (pairs.count > 0) twoLoopPlain(pairs, out)
  }
  let slope = 0
  for (let i = 0; i < n; i++) {
    out[i] = result[i]
    slope += gradient[i] * out[i]
  }
  return slope
}

function twoLoopPlain(pairs: CorrectionPairs, d: Float64Array): void {
  const { steps, changes, curvatures, coefficients, next, count } = pairs
  const n = d.length
  const memory = curvatures.length
  let row = next
  for (let k = 0; k < count; k++) {
    row = row === 0 ? memory - 1 : row - 1
    const at = row * n
    let a = 0
    for (let i = 0; i < n; i++) a += steps[at + i] * d[i]
    a *= curvatures[row]
    coefficients[row] = a
    for (let i = 0; i < n; i++) d[i] -= a * changes[at + i]
  }
  for (let i = 0; i < n; i++) d[i] *= pairs.initialScale
  for (let k = 0; k < count; k++) {
    const at = row * n
    let b = 0
    for (let i = 0; i < n; i++) b += changes[at + i] * d[i]
    b = coefficients[row] - b * curvatures[row]
    for (let i = 0; i < n; i++) d[i] += b * steps[at + i]
    row = row === memory - 1 ? 0 : row + 1
  }
}

/** The same in the mirror's own memory, where the result lies. */
function twoLoopOnKernels(pairs: CorrectionPairs, gradient: Float64Array): Float64Array {
  const n = gradient.length
  const memory = pairs.curvatures.length
  const { workspace, steps, changes, direction, curvatures, coefficients } = mirrorOf(pairs, n)
  for (let i = 0; i < n; i++) direction[i] = -gradient[i]
  for (let k = 0; k < memory; k++) curvatures[k] = pairs.curvatures[k]
  workspace.kernels.two_loop_f64(
    n,
    memory,
    pairs.next,
    pairs.count,
    pairs.initialScale,
    steps.byteOffset,
    changes.byteOffset,
    curvatures.byteOffset,
    coefficients.byteOffset,
    direction.byteOffset,
  )
  return direction
}
