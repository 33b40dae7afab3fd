// The pictures of the guides, each computed by the library itself: [file below docs/images, SVG]. Called by generate-docs.mjs.
import { join } from 'node:path'

const dist = join(import.meta.dirname, '..', 'dist')
const load = (room) => import(join(dist, `${room}.js`))

export async function documentationPictures() {
  const [{ RandomStream }, { chartToSvg }, { run }, transport, systems] = await Promise.all(
    ['base', 'drawing', 'solver', 'transport', 'systems'].map(load),
  )
  return Object.entries({
    'transport-plan': transportPlan(RandomStream, transport),
    'transport-convergence': transportConvergence(RandomStream, run, transport),
    'transport-barycenter': barycenter(transport),
    'systems-convergence': systemsConvergence(run, systems),
  }).map(([name, chart]) => [`docs/images/${name}.svg`, chartToSvg(chart)])
}

/** A disc and a ring of points. */
function discAndRing(RandomStream, count) {
  const random = RandomStream.fromSeed(4)
  const polar = (radius) => {
    const angle = 2 * Math.PI * random.uniform()
    return [radius * Math.cos(angle), radius * Math.sin(angle)]
  }
  const source = Array.from({ length: count }, () => polar(0.6 * Math.sqrt(random.uniform())))
  const target = Array.from({ length: count }, () => {
    const [x, y] = polar(1.2 + 0.3 * random.uniform())
    return [x + 0.5, y]
  })
  return { source, target, masses: source.map(() => 1 / count) }
}

function transportPlan(RandomStream, { transport }) {
  const { source, target, masses } = discAndRing(RandomStream, 60)
  const { cost, plan } = transport(masses, masses, { source, target })
  const { rows, columns } = plan.toSparse()
  const path = { x: [], y: [] }
  rows.forEach((i, k) => {
    const j = columns[k]
    path.x.push(source[i][0], target[j][0], NaN)
    path.y.push(source[i][1], target[j][1], NaN)
  })
  const points = (label, list) => ({ label, mark: 'points', x: list.map((p) => p[0]), y: list.map((p) => p[1]) })
  return {
    title: `Exact transport of a disc to a ring: mean squared distance ${cost.toFixed(4)}`,
    kind: 'line',
    x: { label: 'x' },
    y: { label: 'y' },
    series: [{ label: 'plan', ...path }, points('source', source), points('target', target)],
  }
}

function transportConvergence(RandomStream, run, room) {
  const n = 120
  const random = RandomStream.fromSeed(1)
  const masses = new Float64Array(n).fill(1 / n)
  const cost = Float64Array.from({ length: n * n }, () => random.uniform())
  const problem = room.transportProblem({ a: masses, b: masses, cost, regularization: 1 / 400 })
  const methods = [
    room.sinkhorn(),
    room.sinkhornOverrelaxed(),
    room.transportLbfgs(),
    room.sinkhornNewtonSparse({ keepPerRow: 15 }),
  ]
  return {
    title: 'Random costs in [0, 1], 120 x 120, regularization 1/400',
    kind: 'line',
    x: { label: 'iteration' },
    y: { label: 'marginal error', scale: 'log' },
    series: methods.map((method) => {
      const { columns } = run(problem, method, { maxIterations: 150, tolerance: 1e-12 }).trace
      return { label: method.name, x: columns.iteration, y: columns.marginalError }
    }),
  }
}

function barycenter({ transportBarycenter }) {
  const grid = Array.from({ length: 100 }, (_, i) => [i / 99])
  const bump = (centre, width) => grid.map(([t]) => Math.exp(-(((t - centre) / width) ** 2)))
  const scaled = (values) => {
    const sum = values.reduce((total, value) => total + value, 0)
    return values.map((value) => value / sum)
  }
  const measures = [bump(0.2, 0.05), bump(0.5, 0.15), bump(0.85, 0.08)].map(scaled)
  const { weights } = transportBarycenter(measures, { source: grid }, { regularization: 0.001 })
  const x = grid.map(([t]) => t)
  return {
    title: 'Barycenter of three histograms',
    kind: 'line',
    x: { label: 'place' },
    y: { label: 'mass' },
    series: [
      ...measures.map((y, k) => ({ label: `histogram ${k + 1}`, x, y })),
      { label: 'barycenter', x, y: Array.from(weights) },
    ],
  }
}

function systemsConvergence(run, room) {
  const system = room.linearSystem({ matrix: room.poisson(40, 40), rightHandSide: new Float64Array(1600).fill(1) })
  const methods = [
    ['jacobi', room.jacobi()],
    ['gauss-seidel', room.gaussSeidel()],
    ['sor, omega auto', room.sor()],
    ['chebyshev-iteration', room.chebyshevIteration()],
    ['conjugate-gradients', room.conjugateGradients()],
    ['... with incomplete Cholesky', room.conjugateGradients({ preconditioner: 'incomplete-cholesky' })],
  ]
  return {
    title: 'Poisson on a grid of 40 x 40',
    kind: 'line',
    x: { label: 'iteration' },
    y: { label: 'relative residual', scale: 'log' },
    series: methods.map(([label, method]) => {
      const { columns } = run(system, method, { maxIterations: 250, tolerance: 1e-10 }).trace
      return { label, x: columns.iteration, y: columns.relativeResidual }
    }),
  }
}
