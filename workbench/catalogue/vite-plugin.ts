import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'
import type { GalleryEntry } from './catalogue.ts'
import { galleryEntries, pageEntry } from './describe-library.ts'
import { readEvidence } from './evidence.ts'

const PREFIX = 'virtual:catalogue'

/**
 * Plain data as the source of a JavaScript expression. JSON has no `undefined` and no infinities, which options have.
 */
export function literal(value: unknown): string {
  if (typeof value === 'number' || value === undefined) return Object.is(value, -0) ? '-0' : String(value)
  if (Array.isArray(value)) return `[${value.map(literal).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, entry]) => typeof entry !== 'function')
    return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${literal(entry)}`).join(',')}}`
  }
  return JSON.stringify(value)
}

/**
 * Gives the page what it must know of the library before it loads any of it: `virtual:catalogue/gallery` for the first page, and
 * one module for each method page, loaded when it is opened.
 *
 * @param root the folder of the repository
 */
export function cataloguePlugin(root: string): Plugin {
  const evidenceFile = join(root, 'docs', 'evidence.md')
  const evidence = readEvidence(existsSync(evidenceFile) ? readFileSync(evidenceFile, 'utf8') : '')
  const entries = galleryEntries()
  const thumbnail = ({ slug }: GalleryEntry): string | null => {
    const file = join(root, 'workbench', 'thumbnails', `${slug}.svg`)
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : null
  }
  return {
    name: 'thalweg-catalogue',
    resolveId: (id) => (id.startsWith(PREFIX) ? `\0${id}` : undefined),
    async load(id) {
      if (!id.startsWith(`\0${PREFIX}`)) return undefined
      const name = id.slice(PREFIX.length + 2)
      if (name === 'gallery') {
        const pictures = Object.fromEntries(entries.map((entry) => [entry.slug, thumbnail(entry)]))
        return `export const entries = ${literal(entries)}\nexport const thumbnails = ${literal(pictures)}\n`
      }
      if (name === 'pages') {
        const loaders = entries.map(({ slug }) => `${JSON.stringify(slug)}: () => import('${PREFIX}/page/${slug}')`)
        return `export const pages = {\n${loaders.join(',\n')}\n}\n`
      }
      const entry = entries.find(({ slug }) => name === `page/${slug}`)
      return entry && `export default ${literal(await pageEntry(entry, evidence))}\n`
    },
  }
}
