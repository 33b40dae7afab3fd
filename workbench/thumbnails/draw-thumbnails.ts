import { contours } from 'd3-contour'
import { buildExample, defaultsOf, findExample } from '../../experiments/example-problems.ts'
import { type Chart, isBuilt, loadExperiment, type Report } from '../../experiments/index.ts'
import { isLine } from '../../src/drawing/chart.ts'
import { highsInProcess, type MixedIntegerProgram, type SearchProgress, signOf } from '../../src/mip/index.ts'
import { createMethod, findMethod } from '../../src/registry.ts'
import { iterateAsync, type Problem, type SmoothProblem, Tally } from '../../src/solver/index.ts'
import { galleryEntries, pageEntry } from '../catalogue/describe-library.ts'
import { staircase, visiblePoints } from '../charts/series.ts'
import { defaultSettings, hasShowcase, requestOf } from '../method/settings.ts'

/** Small pictures of real results, in classes of the page's palette so that they follow its theme. */

const WIDTH = 320
const HEIGHT = 180
const MARGIN = 12

type Point = readonly [number, number]

/** Corners of a path without those that the eye would not miss. */
function simplified(points: readonly Point[], tolerance = 0.8): Point[] {
  if (points.length <= 2) return [...points]
  const [first, last] = [points[0], points[points.length - 1]]
  const [dx, dy] = [last[0] - first[0], last[1] - first[1]]
  const length = Math.hypot(dx, dy) || 1
  let farthest = 0
  let split = 0
  points.forEach(([x, y], i) => {
    const distance =
      dx === 0 && dy === 0
        ? Math.hypot(x - first[0], y - first[1])
        : Math.abs(dy * (x - first[0]) - dx * (y - first[1])) / length
    if (distance > farthest) {
      farthest = distance
      split = i
    }
  })
  if (farthest <= tolerance || split === 0) return [first, last]
  return [...simplified(points.slice(0, split + 1), tolerance), ...simplified(points.slice(split), tolerance).slice(1)]
}

const round = (value: number): string => String(Math.round(value * 10) / 10)

function pathData(points: readonly Point[], close = false): string {
  const corners = simplified(points)
  return `M${corners.map(([x, y]) => `${round(x)} ${round(y)}`).join('L')}${close ? 'Z' : ''}`
}

function svg(body: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="xMidYMid slice">${body}</svg>\n`
}

/** Maps numbers to a length; logarithmically where asked to. */
function scale(values: readonly number[], log: boolean, from: number, to: number): (value: number) => number {
  const along = (value: number): number => (log ? Math.log(value) : value)
  let low = Infinity
  let high = -Infinity
  for (const value of values) {
    low = Math.min(low, along(value))
    high = Math.max(high, along(value))
  }
  const width = high - low || 1
  return (value) => from + ((along(value) - low) / width) * (to - from)
}

/** The first lines of a chart, without words. */
function chartThumbnail(chart: Chart): string {
  const log = { x: chart.x.scale === 'log', y: chart.y.scale === 'log' }
  const series = chart.series.slice(0, 5).map((line) => ({ line, points: visiblePoints(line, log, 240) }))
  const all = series.flatMap(({ points }) => points)
  const x = scale(
    all.map((point) => point.x),
    log.x,
    MARGIN,
    WIDTH - MARGIN,
  )
  const y = scale(
    all.map((point) => point.y),
    log.y,
    HEIGHT - MARGIN,
    MARGIN,
  )
  const marks = series.map(({ line, points }, i) => {
    const placed = points.map((point): Point => [x(point.x), y(point.y)])
    if (placed.length === 0) return ''
    if (isLine(chart, line)) return `<path class="t-line s${i}" d="${pathData(placed)}"/>`
    const thinned = placed.filter((_, k) => k % Math.ceil(placed.length / 60) === 0)
    return `<path class="t-dots p${i}" d="${thinned.map(([px, py]) => `M${round(px - 2)} ${round(py)}a2 2 0 1 0 4 0a2 2 0 1 0-4 0`).join('')}"/>`
  })
  return svg(`<path class="t-axis" d="M${MARGIN} ${MARGIN}V${HEIGHT - MARGIN}H${WIDTH - MARGIN}"/>${marks.join('')}`)
}

/** The first chart of an experiment, as its quick run draws it. */
async function experimentThumbnail(slug: string): Promise<string | null> {
  const { run, parameters, quick } = await loadExperiment(slug)
  const charts: Chart[] = []
  const enough = new Error('one chart is enough')
  const report: Report = {
    progress: () => undefined,
    table: () => undefined,
    chart(chart) {
      charts.push(chart)
      throw enough
    },
    signal: new AbortController().signal,
  }
  try {
    await run({ ...defaultsOf(parameters), ...quick }, report, 0)
  } catch (error) {
    if (error !== enough) throw error
  }
  return charts.length === 0 ? null : chartThumbnail(charts[0])
}

/** Incumbent and bound of a search on the problem that the page shows first, moment by moment. */
async function searchThumbnail(page: Awaited<ReturnType<typeof pageEntry>>): Promise<string> {
  const { problem: given, contestants, seed, maxIterations } = requestOf(page, defaultSettings(page))
  const [{ method, options }] = contestants
  const program = buildExample(given.problemClass, given.slug, given.parameters, seed)
  const sign = signOf(program as Problem as MixedIntegerProgram)
  const incumbents: number[] = []
  const bounds: number[] = []
  const note = (objective: number | null, bound: number): void => {
    if (objective === null || !Number.isFinite(objective) || !Number.isFinite(bound)) return
    incumbents.push(objective)
    bounds.push(bound)
  }
  const hears = 'onProgress' in findMethod(method).description.options
  const built = createMethod(method, {
    ...options,
    engine: highsInProcess(),
    ...(hears && { onProgress: ({ objective, bound }: SearchProgress) => note(objective, bound) }),
  })
  for await (const { measures } of iterateAsync(program, built, { seed, maxIterations })) {
    note(sign * measures.objective, sign * measures.bound)
  }
  const x = incumbents.map((_, i) => i)
  return chartThumbnail({
    title: '',
    kind: 'line',
    x: { label: '' },
    y: { label: '' },
    series: [
      { label: 'incumbent', ...staircase(x, incumbents) },
      { label: 'bound', ...staircase(x, bounds) },
    ],
  })
}

/** Level lines of a function of two variables. */
function landscape(problem: SmoothProblem, frame: readonly [number, number, number, number]): string {
  const [left, right, bottom, top] = frame
  const [columns, rows] = [64, 36]
  const field = new Float64Array(columns * rows)
  const point = new Float64Array(2)
  for (let i = 0; i < rows; i++) {
    point[1] = bottom + ((top - bottom) * i) / (rows - 1)
    for (let j = 0; j < columns; j++) {
      point[0] = left + ((right - left) * j) / (columns - 1)
      field[i * columns + j] = problem.value(point)
    }
  }
  const sorted = field.slice().sort()
  const levelAt = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))]
  const place = ([x, y]: number[]): Point => [
    ((x - 0.5) / (columns - 1)) * WIDTH,
    (1 - (y - 0.5) / (rows - 1)) * HEIGHT,
  ]
  const ringsAt = (parts: readonly number[]): Point[][] =>
    contours()
      .size([columns, rows])
      .thresholds(parts.map(levelAt))(Array.from(field))
      .flatMap(({ coordinates }) => coordinates.flat())
      .map((ring) => ring.map(place))
      .filter((ring) => ring.length > 6)
  const many = ringsAt([0.06, 0.18, 0.34, 0.52, 0.72])
  // A function with a hundred hollows is told by one level.
  const rings = many.length <= 40 ? many : ringsAt([0.2])
  return `<path class="t-contour" d="${rings.map((ring) => pathData(ring, true)).join('')}"/>`
}

/** Whether a baseline cannot run on this problem. */
function refuses(problem: Problem, method: string, options: Readonly<Record<string, unknown>>): boolean {
  try {
    problem.class.prepare(problem, createMethod(method, options), new Tally(problem.class.oracles))
    return false
  } catch {
    return true
  }
}

/** A method on the problem that its page shows first: its path, or how it converges beside the others. */
async function methodThumbnail(page: Awaited<ReturnType<typeof pageEntry>>): Promise<string | null> {
  if (page.method === null || page.problems === null) return null
  const { problem: given, contestants, seed, maxIterations } = requestOf(page, defaultSettings(page))
  const problem = buildExample(given.problemClass, given.slug, given.parameters, seed)
  const example = findExample(given.problemClass, given.slug)
  const frame = example.frame?.({ ...defaultsOf(example.parameters), ...given.parameters } as never) ?? null
  const { charted } = page.problems
  const optimality = charted?.measure ?? page.problems.optimality
  const runs: { path: Point[]; x: number[]; y: number[] }[] = []
  for (const { method, options } of contestants) {
    const own = createMethod(method, options).optimality?.measure ?? optimality
    const run: (typeof runs)[number] = { path: [], x: [], y: [] }
    if (refuses(problem, method, options)) continue
    for await (const { iteration, measures, x } of iterateAsync(problem, createMethod(method, options), {
      seed,
      maxIterations: findMethod(method).description.random ? Math.min(200, maxIterations) : maxIterations,
    })) {
      run.x.push(iteration)
      run.y.push(measures[optimality] ?? measures[own])
      if (frame !== null && x instanceof Float64Array) run.path.push([x[0], x[1]])
    }
    runs.push(run)
  }
  if (frame !== null && problem.class.name === 'smooth') {
    const [left, right, bottom, top] = frame
    const lines = runs.map(({ path }, i) => {
      const placed = path.map(
        ([x, y]): Point => [((x - left) / (right - left)) * WIDTH, (1 - (y - bottom) / (top - bottom)) * HEIGHT],
      )
      const [endX, endY] = placed[placed.length - 1]
      return `<path class="t-line s${i}" d="${pathData(placed)}"/><circle class="t-dots p${i}" cx="${round(endX)}" cy="${round(endY)}" r="4"/>`
    })
    return svg(landscape(problem as Problem as SmoothProblem, frame) + lines.reverse().join(''))
  }
  return chartThumbnail({
    title: '',
    kind: 'line',
    x: { label: '' },
    y: { label: '', scale: charted === null ? 'log' : 'linear' },
    series: runs.map(({ x, y }, i) => ({ label: String(i), x, y })),
  })
}

/**
 * Draws the thumbnails of all cards that have something to show.
 *
 * @param put receives each picture as SVG text
 * @param only slugs of the cards to draw; all if there are none
 */
export async function drawThumbnails(
  put: (slug: string, picture: string) => void,
  only: readonly string[] = [],
): Promise<void> {
  for (const entry of galleryEntries()) {
    if (only.length > 0 && !only.includes(entry.slug)) continue
    const page = await pageEntry(entry, new Map())
    const picture =
      page.problems?.name === 'mixed-integer'
        ? await searchThumbnail(page)
        : isBuilt(entry.slug) && !hasShowcase(entry.slug)
          ? await experimentThumbnail(entry.slug)
          : await methodThumbnail(page)
    if (picture !== null) put(entry.slug, picture)
  }
}
