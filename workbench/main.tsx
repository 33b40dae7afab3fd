import { render } from 'preact'
import '@fontsource-variable/source-serif-4/wght.css'
import './styles/tokens.css'
import './styles/base.css'
import './styles/gallery.css'
import { App } from './app.tsx'
import { rememberScrolling } from './scroll-memory.ts'
import { followTheme } from './theme.ts'

followTheme()
rememberScrolling()
// In a task of its own, after that which has read the code.
setTimeout(() => render(<App />, document.getElementById('app') as HTMLElement))
