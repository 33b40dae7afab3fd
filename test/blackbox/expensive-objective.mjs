/** An objective in a module of its own, for worker threads. */
export function value(x) {
  let f = 0
  for (let i = 0; i < x.length; i++) f += x[i] * x[i] + 10 * (1 - Math.cos(2 * Math.PI * x[i]))
  return f
}

export function failing(x) {
  if (x[0] > 0) throw new Error('simulation crashed')
  return x[0]
}

export function exiting() {
  process.exit(3)
}
