import type { MinimizeRequest } from '../../worker/minimize-protocol.ts'

/** `-1.2,1` or `y=2,x=1` as numbers in the order of the variables; null if it says something else. */
export function numbersFor(
  variables: readonly string[],
  text: string,
  fallback?: number,
): (number | undefined)[] | null {
  const number = (field: string): number =>
    /^[+-]?inf(inity)?$/i.test(field) ? (field[0] === '-' ? -Infinity : Infinity) : Number(field)
  const fields = text.split(',').map((field) => field.trim())
  if (!text.includes('=')) {
    const values = fields.map(number)
    const all = values.length === 1 && fallback !== undefined ? variables.map(() => values[0]) : values
    return all.length === variables.length && !all.some(Number.isNaN) ? all : null
  }
  const given = new Map(fields.map((field) => field.split('=').map((part) => part.trim()) as [string, string]))
  return variables.map((name) => (given.has(name) ? number(given.get(name) as string) : fallback))
}

/** The command that does the same in a terminal. */
export function commandOf({ expression, start, lower, upper, method, seed }: MinimizeRequest): string {
  const flag = (name: string, value: string): string[] =>
    value.trim() === '' ? [] : [`--${name}=${value.replace(/\s+/g, '')}`]
  const flags = [
    ...flag('start', start),
    ...flag('lower', lower),
    ...flag('upper', upper),
    ...flag('method', method),
    ...(seed === 0 ? [] : [`--seed=${seed}`]),
  ]
  const text = expression.replace(/\s+/g, ' ').trim()
  // A leading minus would be read as a flag.
  return text.startsWith('-')
    ? `npx thalweg minimize ${flags.join(' ')} -- "${text}"`
    : `npx thalweg minimize "${text}" ${flags.join(' ')}`.trimEnd()
}

/** The program that does the same. */
export function programOf(
  { expression, start, lower, upper, method, seed }: MinimizeRequest,
  variables: readonly string[],
): string {
  const list = (text: string, fallback?: number): string | null => {
    const values = text.trim() === '' ? null : numbersFor(variables, text, fallback)
    return values === null ? null : `[${values.join(', ')}]`
  }
  const bounds = [
    ['lower', list(lower, -Infinity)],
    ['upper', list(upper, Infinity)],
  ].filter(([, text]) => text !== null)
  const options = [
    ...bounds.map(([name, text]) => `${name}: ${text}`),
    ...(method === '' ? [] : [`method: createMethod('${method}')`]),
    ...(seed === 0 ? [] : [`seed: ${seed}`]),
  ]
  const box = bounds.length === 2 && start.trim() === ''
  const from =
    list(start) ??
    (box ? `${bounds[0][1]}.map((low, i) => (low + ${bounds[1][1]}[i]) / 2)` : `[${variables.map(() => 0).join(', ')}]`)
  return [
    "import { minimize } from 'thalweg'",
    "import { compile, parseExpression } from 'thalweg/autodiff'",
    ...(method === '' ? [] : ["import { createMethod } from 'thalweg/registry'"]),
    '',
    `const { build, variables } = parseExpression(${JSON.stringify(expression.replace(/\s+/g, ' ').trim())})`,
    'const f = compile(',
    '  (x) => build(Object.fromEntries(variables.map((name, i) => [name, x.at(i)]))),',
    '  [{ shape: [variables.length] }],',
    ')',
    `const result = minimize(f, ${from}${options.length === 0 ? '' : `, { ${options.join(', ')} }`})`,
    'console.log(result.status, result.x, result.objective)',
    'console.log(result.message)',
    '',
  ].join('\n')
}
