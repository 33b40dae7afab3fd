import { useEffect, useId, useState } from 'preact/hooks'
import { formatNumber } from '../../src/drawing/format.ts'
import type { Control } from '../catalogue/catalogue.ts'
import { valueFromText } from './permalink.ts'
import type { ControlValue } from './settings.ts'
import { STEPS, sliderScale } from './slider.ts'

interface FieldProps {
  readonly control: Control
  readonly value: ControlValue
  /** What is wrong with the value, if anything. */
  readonly complaint: string | undefined
  readonly onChange: (value: ControlValue) => void
}

/** How a value is written in a field. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return value === Infinity ? 'inf' : String(value)
}

/** One option or parameter: a slider with a field, a list, or a box to tick, with what is wrong said below it. */
export function ControlField({ control, value, complaint, onChange }: FieldProps) {
  const id = useId()
  const { type, label, fallback, expected, choices } = control
  const shown = value === undefined ? fallback : value
  /** Nothing is settled where nothing is given. */
  const open = fallback === undefined || fallback === null
  const described = `${id}-help`
  const common = { id, 'aria-describedby': described, 'aria-invalid': complaint !== undefined }
  return (
    <div class={`control${complaint === undefined ? '' : ' wrong'}`}>
      {type === 'boolean' && !open ? (
        <label class="tick" for={id}>
          <input
            {...common}
            type="checkbox"
            checked={shown === true}
            onChange={(event) => onChange(event.currentTarget.checked)}
          />
          {label}
        </label>
      ) : (
        <label for={id}>{label}</label>
      )}
      {(type === 'choice' || (type === 'boolean' && open)) && (
        <select
          {...common}
          value={textOf(shown)}
          onChange={(event) => onChange(valueFromText(control, event.currentTarget.value))}
        >
          {open && <option value="">chosen by the method</option>}
          {(choices ?? ['true', 'false']).map((choice) => (
            <option key={choice} value={choice}>
              {type === 'boolean' ? { true: 'yes', false: 'no' }[choice] : choice}
            </option>
          ))}
        </select>
      )}
      {type !== 'choice' && type !== 'boolean' && (
        <NumberField control={control} value={shown as ControlValue} common={common} onChange={onChange} />
      )}
      <p id={described} class={complaint === undefined ? 'help' : 'complaint'}>
        {complaint ?? (type === 'boolean' || type === 'choice' ? '' : helpText(expected, fallback))}
      </p>
    </div>
  )
}

function helpText(expected: string, fallback: unknown): string {
  const usual = typeof fallback === 'number' && Number.isFinite(fallback) ? formatNumber(fallback, 5) : textOf(fallback)
  return `${expected.replace(/^an? (finite )?/, '')}${usual === '' ? '; empty: chosen by the method' : `; default ${usual}`}`
}

function NumberField({
  control,
  value,
  common,
  onChange,
}: {
  control: Control
  value: ControlValue
  common: { id: string; 'aria-describedby': string; 'aria-invalid': boolean }
  onChange: (value: ControlValue) => void
}) {
  const scale = sliderScale(control)
  const [text, setText] = useState(textOf(value))
  // A value that came from elsewhere (slider, reset, link) replaces the text; what is being typed stays as it is.
  useEffect(() => {
    setText((old) => (Object.is(valueFromText(control, old), value) ? old : textOf(value)))
  }, [control, value])
  return (
    <div class={scale === null ? 'number' : 'number with-slider'}>
      {scale !== null && (
        <input
          type="range"
          min={0}
          max={STEPS}
          value={typeof value === 'number' ? scale.positionOf(value) : 0}
          aria-label={control.label}
          aria-valuetext={textOf(value)}
          onInput={(event) => onChange(scale.valueAt(Number(event.currentTarget.value)))}
        />
      )}
      <input
        {...common}
        type="text"
        inputMode="decimal"
        autoComplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value)
          onChange(valueFromText(control, event.currentTarget.value))
        }}
      />
    </div>
  )
}
