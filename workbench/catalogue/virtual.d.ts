declare module 'virtual:catalogue/gallery' {
  import type { GalleryEntry } from './catalogue.ts'

  export const entries: readonly GalleryEntry[]
  /** Small pictures as SVG text, by slug; null where there is none. */
  export const thumbnails: Readonly<Record<string, string | null>>
}

declare module 'virtual:catalogue/pages' {
  import type { PageEntry } from './catalogue.ts'

  /** What each page is made from, loaded when it is opened. */
  export const pages: Readonly<Record<string, () => Promise<{ default: PageEntry }>>>
}
