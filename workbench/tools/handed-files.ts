import { placeHref } from '../router.ts'

let waiting: { readonly slug: string; readonly files: readonly File[] } | null = null

/** Opens a tool with files that were dropped elsewhere. */
export function handFiles(slug: string, files: readonly File[]): void {
  waiting = { slug, files }
  location.hash = placeHref(['tools', slug])
}

/** The files that a tool was opened with, once; none if it was opened otherwise. */
export function takeHandedFiles(slug: string): readonly File[] {
  const files = waiting?.slug === slug ? waiting.files : []
  waiting = null
  return files
}
