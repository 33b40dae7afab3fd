/** Red, green and blue in [0, 255]. */
export type Rgb = readonly [number, number, number]

/** Reads `#rrggbb`. */
export function rgb(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16)
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255]
}

/** Between two colours; `t` in [0, 1]. */
export function mix(a: Rgb, b: Rgb, t: number): Rgb {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t]
}

/** A ramp through three colours. */
export function ramp(low: Rgb, middle: Rgb, high: Rgb, t: number): Rgb {
  return t < 0.5 ? mix(low, middle, 2 * t) : mix(middle, high, 2 * t - 1)
}

export function css([r, g, b]: Rgb): string {
  return `rgb(${Math.round(r)} ${Math.round(g)} ${Math.round(b)})`
}
