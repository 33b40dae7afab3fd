/** A point of the drawing as a line of its table. */
function lineOf(x: number, y: number): string {
  return `${x.toFixed(4)},${y.toFixed(4)}`
}

/** A table with one more point. */
export function withPoint(text: string, x: number, y: number): string {
  const before = text.trimEnd()
  return `${before === '' ? 'x,y' : before}\n${lineOf(x, y)}\n`
}

/** The shapes that clouds can be made in. */
export const shapes = ['ring', 'disc', 'two moons', 'grid', 'spiral'] as const

export type Shape = (typeof shapes)[number]

/** The point of a shape at part `t` of its length; `side` points make an edge of a grid. */
function pointOf(shape: Shape, i: number, t: number, side: number): readonly [number, number] {
  const angle = 2 * Math.PI * t
  switch (shape) {
    case 'ring':
      return [0.5 + 0.38 * Math.cos(angle), 0.5 + 0.38 * Math.sin(angle)]
    case 'disc': {
      // A sunflower fills a disc evenly.
      const golden = i * Math.PI * (3 - Math.sqrt(5))
      return [0.5 + 0.24 * Math.sqrt(t) * Math.cos(golden), 0.5 + 0.24 * Math.sqrt(t) * Math.sin(golden)]
    }
    case 'two moons': {
      const half = Math.PI * ((2 * t) % 1)
      return t < 0.5
        ? [0.4 + 0.28 * Math.cos(half), 0.45 + 0.3 * Math.sin(half)]
        : [0.6 - 0.28 * Math.cos(half), 0.55 - 0.3 * Math.sin(half)]
    }
    case 'grid':
      return [0.12 + (0.76 * (i % side)) / (side - 1), 0.12 + (0.76 * Math.floor(i / side)) / (side - 1)]
    case 'spiral': {
      const radius = 0.05 + 0.36 * t
      return [0.5 + radius * Math.cos(3 * angle), 0.5 + radius * Math.sin(3 * angle)]
    }
  }
}

/** Points of a shape within the unit square, the same every time, as a table. */
export function shapeText(shape: Shape, count: number): string {
  const side = Math.max(2, Math.ceil(Math.sqrt(count)))
  const lines = Array.from({ length: count }, (_, i) => lineOf(...pointOf(shape, i, (i + 0.5) / count, side)))
  return `x,y\n${lines.join('\n')}\n`
}
