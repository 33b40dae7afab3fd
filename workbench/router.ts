import { computed, signal } from '@preact/signals'

/**
 * Addresses are in the fragment (`#/method/lbfgs?seed=3`): they work on every static host, at every base path, and straight
 * from a link, without any rewriting on the server.
 */

/** A place in the app. */
export interface Place {
  /** The parts of the path, e.g. `['method', 'lbfgs']`; empty for the gallery. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
}

/** Reads a fragment such as `#/method/lbfgs?seed=3`. */
export function parsePlace(fragment: string): Place {
  const [path, query = ''] = fragment.replace(/^#\/?/, '').split('?', 2)
  return { path: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(query) }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // A stray percent sign in a link that was typed by hand.
    return part
  }
}

/** The fragment of a place, for links. */
export function placeHref(path: readonly string[], query?: URLSearchParams): string {
  const text = query?.toString() ?? ''
  return `#/${path.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`
}

const fragment = signal(typeof location === 'undefined' ? '' : location.hash)
if (typeof window !== 'undefined') {
  window.addEventListener('hashchange', () => {
    fragment.value = location.hash
  })
}

/** Where the reader is. */
export const place = computed(() => parsePlace(fragment.value))

/** The path alone, which does not change when only the query does. */
export const pathText = computed(() => place.value.path.join('/'))

/**
 * Puts a query into the address without adding a step to the history.
 *
 * @param page the path that the query belongs to. Where the address is another page's already, because the reader has gone on
 *   before a change has settled, it is left as it is.
 */
export function replaceQuery(query: URLSearchParams, page: string): void {
  const { path } = parsePlace(location.hash)
  if (path.join('/') !== page) return
  const href = placeHref(path, query)
  if (href === location.hash) return
  history.replaceState(history.state, '', href)
  fragment.value = location.hash
}
