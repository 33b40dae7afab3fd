/**
 * A number for people: about `digits` significant digits, plain where that is short and exponential (`1.5e-9`) elsewhere.
 *
 * @param digits 1 to 17, default 6
 */
export function formatNumber(value: number, digits = 6): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 1e-4 && size < 10 ** Math.max(6, digits)) return String(Number(value.toPrecision(digits)))
  return shortExponential(value, digits)
}

/** `1.25e-9` without trailing zeros in the mantissa and without a plus sign in the exponent. */
export function shortExponential(value: number, digits: number): string {
  const [mantissa, exponent] = value.toExponential(digits - 1).split('e')
  return `${Number(mantissa)}e${Number(exponent)}`
}
