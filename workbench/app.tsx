import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { LazyPage } from './components/lazy-page.tsx'
import { ThemeSwitch } from './components/theme-switch.tsx'
import { Gallery } from './gallery/gallery.tsx'
import { pathText, place, placeHref } from './router.ts'
import { scrollToPlace } from './scroll-memory.ts'
import { findTool } from './tools/find-tool.ts'

const loadMethodPage = async () => (await import('./method/method-page.tsx')).MethodPage

/** The page for a place. */
function page(path: readonly string[]): ComponentChildren {
  const [section, slug] = path
  if (section === undefined) return <Gallery />
  if (section === 'method' && slug !== undefined && path.length === 2) {
    return <LazyPage key={slug} load={loadMethodPage} properties={{ slug }} />
  }
  if (section === 'tools' && path.length <= 2) {
    const tool = findTool(slug)
    if (tool !== undefined) return <LazyPage key={tool.slug} load={tool.load} properties={{}} />
  }
  return (
    <article class="page narrow">
      <h1>Nothing here</h1>
      <p>
        There is no page <code>#/{path.join('/')}</code>. <a href={placeHref([])}>All methods</a> are in the gallery.
      </p>
    </article>
  )
}

/** Header, the page, footer. */
export function App() {
  const main = useRef<HTMLElement>(null)
  const path = pathText.value
  const first = useRef(true)
  // A new page starts at its top, one that the reader returns to where they were; keyboard and reader of the screen go there too.
  useEffect(() => {
    if (first.current) {
      first.current = false
      scrollToPlace()
      return
    }
    scrollToPlace()
    main.current?.focus({ preventScroll: true })
  }, [path])
  const section = place.value.path[0]
  const current = (name: string | undefined) => (section === name ? 'page' : undefined)
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: it goes to a place in the page; the fragment is taken by the address */}
      <a class="skip" href="#main" onClick={(event) => skip(event, main.current)}>
        Skip to the content
      </a>
      <header class="site-header">
        <a class="wordmark" href={placeHref([])}>
          <svg viewBox="0 0 44 22" width="44" height="22" aria-hidden="true">
            <path class="hill" d="M1 5c9 0 13 4 20 4s13-6 22-6M1 17c9-1 13-5 20-5s13 6 22 6" />
            <path class="river" d="M1 11c9 .6 13-.6 20-.6s13 .9 22 .3" />
          </svg>
          <span>Thalweg</span>
        </a>
        <nav aria-label="Main">
          <a href={placeHref([])} aria-current={current(undefined)}>
            Methods
          </a>
          <a href={placeHref(['tools'])} aria-current={current('tools')}>
            Your data
          </a>
        </nav>
        <ThemeSwitch />
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {page(place.value.path)}
      </main>
      <footer class="site-footer">
        <p>Everything is computed in this page. Nothing is sent anywhere.</p>
      </footer>
    </>
  )
}

/** The fragment holds the address, so the link moves the focus itself. */
function skip(event: Event, main: HTMLElement | null): void {
  event.preventDefault()
  main?.focus()
  main?.scrollIntoView()
}
