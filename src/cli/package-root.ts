import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of this package (with its `package.json`), found upwards from this file, and the version there. */
export function packageRoot(): { folder: string; version: string } {
  let folder = dirname(fileURLToPath(import.meta.url))
  for (;;) {
    const manifest = join(folder, 'package.json')
    if (existsSync(manifest)) {
      const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string; version?: string }
      if (name === 'thalweg' && version !== undefined) return { folder, version }
    }
    const parent = dirname(folder)
    if (parent === folder) return { folder: process.cwd(), version: 'unknown' }
    folder = parent
  }
}
