import { effect, signal } from '@preact/signals'

export type Theme = 'system' | 'light' | 'dark'

const KEY = 'thalweg-theme'
const dark = window.matchMedia('(prefers-color-scheme: dark)')

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY)
    return value === 'light' || value === 'dark' ? value : 'system'
  } catch {
    // No storage in this browser: the system decides.
    return 'system'
  }
}

/** What the reader chose. */
export const theme = signal<Theme>(stored())
/** What is shown. */
export const shownTheme = signal<'light' | 'dark'>('light')

/** Whether movement is unwelcome. */
export const reducedMotion = window.matchMedia('(prefers-reduced-motion: reduce)')

/** Keeps the page in the chosen theme. */
export function followTheme(): void {
  const apply = (): void => {
    shownTheme.value = theme.value === 'system' ? (dark.matches ? 'dark' : 'light') : theme.value
    document.documentElement.dataset.theme = shownTheme.value
  }
  dark.addEventListener('change', apply)
  effect(() => {
    apply()
    try {
      if (theme.value === 'system') localStorage.removeItem(KEY)
      else localStorage.setItem(KEY, theme.value)
    } catch {
      // Then the choice lasts as long as the page.
    }
  })
}
