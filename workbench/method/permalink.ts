import type { Control, PageEntry } from '../catalogue/catalogue.ts'
import {
  type ControlValue,
  type ControlValues,
  changed,
  defaultParameters,
  defaultSettings,
  exampleOf,
  type Settings,
} from './settings.ts'

/**
 * The text of a control as a value: a number where the control holds numbers, else the text itself, which the worker then
 * refuses with the reason.
 */
export function valueFromText({ type }: Control, text: string): ControlValue {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  if (type === 'boolean') return trimmed === 'true' ? true : trimmed === 'false' ? false : trimmed
  if (type === 'choice') return trimmed
  return numberFromField(trimmed)
}

/** A number, or the text if it is none. `inf` is infinity. */
export function numberFromField(text: string): number | string {
  const trimmed = text.trim()
  if (/^[+-]?inf(inity)?$/i.test(trimmed)) return trimmed.startsWith('-') ? -Infinity : Infinity
  const value = Number(trimmed)
  return trimmed === '' || Number.isNaN(value) ? trimmed : value
}

/** A value as text from which the same value is read. */
function textOf(value: unknown): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function putAll(
  query: URLSearchParams,
  prefix: string,
  values: ControlValues,
  controls: readonly Control[],
  defaults?: ControlValues,
): void {
  for (const [name, value] of Object.entries(changed(values, controls, defaults)))
    query.set(prefix + name, textOf(value))
  // A page may set what the method would choose itself: leaving the choice to the method is then a change too.
  for (const { name, fallback } of controls) {
    if (defaults?.[name] !== undefined && fallback === undefined && values[name] === undefined)
      query.set(prefix + name, '')
  }
}

function takeAll(query: URLSearchParams, prefix: string, controls: readonly Control[]): Record<string, ControlValue> {
  const values: Record<string, ControlValue> = {}
  for (const control of controls) {
    const text = query.get(prefix + control.name)
    if (text !== null) values[control.name] = valueFromText(control, text)
  }
  return values
}

/** The settings as the query of a permalink: only what differs from what the page shows at first. */
export function encodeSettings(page: PageEntry, settings: Settings): URLSearchParams {
  const defaults = defaultSettings(page)
  const query = new URLSearchParams()
  if (settings.problem !== defaults.problem) query.set('problem', settings.problem)
  const example = exampleOf(page, settings.problem)
  putAll(query, 'p.', settings.parameters, example?.controls ?? [], defaultParameters(page, example))
  putAll(query, 'o.', settings.options, page.method?.controls ?? [], defaults.options)
  if (settings.baselines.join() !== defaults.baselines.join()) query.set('against', settings.baselines.join(','))
  for (const name of ['seed', 'maxIterations', 'tolerance', 'pace', 'axis', 'logX'] as const) {
    if (settings[name] !== defaults[name]) query.set(name, textOf(settings[name]))
  }
  if (settings.start !== null) query.set('start', settings.start.map(textOf).join(','))
  return query
}

/** Reads what `encodeSettings` wrote. What it does not know is left out; values out of range stay, to be complained about. */
export function decodeSettings(page: PageEntry, query: URLSearchParams): Settings {
  const defaults = defaultSettings(page)
  const example = exampleOf(page, query.get('problem') ?? defaults.problem)
  const number = (name: 'seed' | 'maxIterations' | 'tolerance'): number | string => {
    const text = query.get(name)
    return text === null ? defaults[name] : numberFromField(text)
  }
  const known = page.problems?.methods.map(({ slug }) => slug) ?? []
  const against = query.get('against')
  const start = query.get('start')?.split(',').map(Number)
  const axis = query.get('axis')
  return {
    problem: example?.slug ?? defaults.problem,
    parameters: { ...defaultParameters(page, example), ...takeAll(query, 'p.', example?.controls ?? []) },
    options: { ...defaults.options, ...takeAll(query, 'o.', page.method?.controls ?? []) },
    baselines:
      against === null
        ? defaults.baselines
        : against.split(',').filter((slug) => known.includes(slug) && slug !== page.method?.slug),
    seed: number('seed'),
    maxIterations: number('maxIterations'),
    tolerance: number('tolerance'),
    pace: Math.max(0, Number(query.get('pace') ?? defaults.pace) || 0),
    start: start?.length === 2 && start.every(Number.isFinite) ? [start[0], start[1]] : null,
    axis:
      axis !== null && ['iteration', 'elapsedMs', ...(page.problems?.oracles ?? [])].includes(axis)
        ? axis
        : defaults.axis,
    logX: query.get('logX') === 'true',
  }
}
