/** Differences of f below this part of |f| (plus a few units in the last place of 1) may be rounding errors. */
const RELATIVE_NOISE = 1e-12
const ABSOLUTE_NOISE = 1e-15

/**
 * f(x) - f(x + h) that does not suffer from cancellation: the difference of the values where it is clearly above their
 * rounding error, else the trapezoidal rule -<grad f(x) + grad f(x + h), h> / 2, whose error is of third order in h.
 *
 * Near a minimizer the difference of values is noise, while the gradients still tell descent from ascent (the idea of the
 * approximate Wolfe condition). NaN if anything is not finite.
 *
 * @see Hager and Zhang, A new conjugate gradient method with guaranteed descent, SIAM J. Optim. 16 (2005), Section 3
 */
export function reliableDecrease(
  value: number,
  nextValue: number,
  gradient: Float64Array,
  nextGradient: Float64Array,
  step: Float64Array,
): number {
  const difference = value - nextValue
  const noise = ABSOLUTE_NOISE + RELATIVE_NOISE * Math.max(Math.abs(value), Math.abs(nextValue))
  if (!(Math.abs(difference) <= noise)) return difference
  let slope = 0
  for (let i = 0; i < step.length; i++) slope += (gradient[i] + nextGradient[i]) * step[i]
  return -0.5 * slope
}
