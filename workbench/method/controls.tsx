import type { Baseline, Control, PageEntry } from '../catalogue/catalogue.ts'
import { OneByOne } from '../components/one-by-one.tsx'
import type { Complaints } from '../worker/protocol.ts'
import { ControlField } from './control-field.tsx'
import {
  type ControlValue,
  type ControlValues,
  defaultParameters,
  defaultSettings,
  exampleOf,
  isShown,
  type Settings,
} from './settings.ts'

interface ControlsProps {
  readonly page: PageEntry
  readonly settings: Settings
  readonly set: (change: Partial<Settings>) => void
  readonly complaints: Complaints
}

/** No slider: one seed is as good as another. */
const seedControl: Control = { name: 'seed', label: 'seed', type: 'object', fallback: 0, expected: 'an integer >= 0' }

const iterationsControl: Control = {
  name: 'maxIterations',
  label: 'most iterations',
  type: 'integer',
  fallback: 500,
  expected: 'an integer in [1, 10000000]',
  min: 1,
  max: 10_000,
  scale: 'log',
}

/** All knobs of a page: the problem, the method's options, the limits, the baselines. */
export function Controls({ page, settings, set, complaints }: ControlsProps) {
  const { method, problems } = page
  const example = exampleOf(page, settings.problem)
  if (method === null || problems === null || example === null) return null
  const options = method.controls.filter(isShown)
  const hidden = method.controls.length - options.length
  const chooseProblem = (problem: string): void =>
    set({ problem, parameters: defaultParameters(page, exampleOf(page, problem)), start: null })
  const tolerance: Control = {
    name: 'tolerance',
    label: 'tolerance',
    type: 'number',
    fallback: method.optimality === null ? problems.tolerance : undefined,
    expected: 'a number >= 0',
    min: 0,
    scale: 'log',
  }
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <OneByOne>
        <fieldset>
          <legend>Problem</legend>
          <label class="field">
            <span class="visually-hidden">Problem</span>
            <select value={settings.problem} onChange={(event) => chooseProblem(event.currentTarget.value)}>
              {problems.examples.map(({ slug, title }) => (
                <option key={slug} value={slug}>
                  {title}
                </option>
              ))}
            </select>
          </label>
          <p class="help">{example.summary}</p>
          <Fields
            controls={example.controls}
            values={settings.parameters}
            place="parameters"
            complaints={complaints}
            onChange={(parameters) => set({ parameters, start: null })}
          />
          {example.plane && <StartFields settings={settings} set={set} />}
        </fieldset>
        <fieldset>
          <legend>{method.title}</legend>
          <Fields
            controls={options}
            values={settings.options}
            place="options"
            complaints={complaints}
            onChange={(values) => set({ options: values })}
          />
          {options.length === 0 && <p class="help">This method has no options.</p>}
          {hidden > 0 && <p class="help">{hidden} more that take functions or objects are set from code.</p>}
          {complaints['contestants.0'] !== undefined && <p class="complaint">{complaints['contestants.0']}</p>}
        </fieldset>
        <fieldset>
          <legend>Limits</legend>
          <ControlField
            control={iterationsControl}
            value={settings.maxIterations}
            complaint={complaints.maxIterations}
            onChange={(value) => set({ maxIterations: (value ?? '') as number | string })}
          />
          <ControlField
            control={tolerance}
            value={settings.tolerance === '' ? undefined : settings.tolerance}
            complaint={complaints.tolerance}
            onChange={(value) => set({ tolerance: (value ?? '') as number | string })}
          />
          <ControlField
            control={seedControl}
            value={settings.seed}
            complaint={complaints.seed}
            onChange={(value) => set({ seed: (value ?? '') as number | string })}
          />
        </fieldset>
        <Baselines page={page} settings={settings} set={set} complaints={complaints} />
        <button type="button" class="link small" onClick={() => set({ ...defaultSettings(page), pace: settings.pace })}>
          Back to the defaults
        </button>
      </OneByOne>
    </form>
  )
}

function Fields({
  controls,
  values,
  place,
  complaints,
  onChange,
}: {
  controls: readonly Control[]
  values: ControlValues
  place: 'parameters' | 'options'
  complaints: Complaints
  onChange: (values: ControlValues) => void
}) {
  return (
    <>
      {controls.map((control) => (
        <ControlField
          key={control.name}
          control={control}
          value={values[control.name]}
          complaint={complaints[`${place}.${control.name}`]}
          onChange={(value: ControlValue) => onChange({ ...values, [control.name]: value })}
        />
      ))}
    </>
  )
}

/** The start in the plane, as an alternative to a click on the landscape. */
function StartFields({ settings, set }: Pick<ControlsProps, 'settings' | 'set'>) {
  const { start } = settings
  const change = (index: 0 | 1, text: string): void => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value)) return
    const next: [number, number] = [start?.[0] ?? 0, start?.[1] ?? 0]
    next[index] = value
    set({ start: next })
  }
  return (
    <div class="control">
      <span class="label">start</span>
      <div class="pair">
        {([0, 1] as const).map((index) => (
          <input
            key={index}
            type="text"
            inputMode="decimal"
            aria-label={index === 0 ? 'start x' : 'start y'}
            placeholder="usual"
            value={start === null ? '' : String(start[index])}
            onChange={(event) => change(index, event.currentTarget.value)}
          />
        ))}
        <button type="button" class="link small" disabled={start === null} onClick={() => set({ start: null })}>
          usual
        </button>
      </div>
    </div>
  )
}

/** Methods to compare with: those of the same room first. */
function Baselines({ page, settings, set, complaints }: ControlsProps) {
  const { method, problems } = page
  const others = (problems?.methods ?? []).filter(({ slug }) => slug !== method?.slug)
  if (others.length === 0) return null
  const near = others.filter(({ room }) => room === method?.room)
  const far = others.filter(({ room }) => room !== method?.room)
  const box = settings.parameters.bounded === true
  const entry = ({ slug, title, handles }: Baseline) => {
    const unable = box && !handles.includes('bounds')
    const index = settings.baselines.indexOf(slug)
    return (
      <li key={slug}>
        <label class="tick">
          <input
            type="checkbox"
            checked={index >= 0}
            disabled={unable}
            onChange={(event) =>
              set({
                baselines: event.currentTarget.checked
                  ? [...settings.baselines, slug]
                  : settings.baselines.filter((other) => other !== slug),
              })
            }
          />
          {title}
          {unable && <span class="help"> (does not keep to a box)</span>}
        </label>
        {index >= 0 && complaints[`contestants.${index + 1}`] !== undefined && (
          <p class="complaint">{complaints[`contestants.${index + 1}`]}</p>
        )}
      </li>
    )
  }
  return (
    <fieldset>
      <legend>Against</legend>
      <ul class="baselines">{near.map(entry)}</ul>
      {far.length > 0 && (
        <details>
          <summary>{far.length} more for this class of problems</summary>
          <ul class="baselines">{far.map(entry)}</ul>
        </details>
      )}
    </fieldset>
  )
}
