import { shownTheme, theme } from '../theme.ts'

/** Light or dark; what the system says until a choice is made. */
export function ThemeSwitch() {
  const dark = shownTheme.value === 'dark'
  return (
    <button
      type="button"
      class="theme-switch"
      aria-label={dark ? 'Use the light theme' : 'Use the dark theme'}
      title={dark ? 'Light theme' : 'Dark theme'}
      onClick={() => {
        theme.value = dark ? 'light' : 'dark'
      }}
    >
      <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
        <circle cx="10" cy="10" r="6.5" />
        <path d="M10 3.5a6.5 6.5 0 0 1 0 13z" class="half" />
      </svg>
    </button>
  )
}
