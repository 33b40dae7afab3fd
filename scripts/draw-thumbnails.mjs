// Draws the small pictures of the workbench's gallery from real runs, into workbench/thumbnails/. They are committed; run this
// after adding a method or a paper, e.g. `npm run thumbnails -- balans`; without names all are drawn.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createServer } from 'vite'

const folder = resolve(import.meta.dirname, '..', 'workbench', 'thumbnails')
mkdirSync(folder, { recursive: true })
// Vite runs the TypeScript of the library and of the page as it stands.
const vite = await createServer({
  configFile: false,
  root: resolve(folder, '..', '..'),
  appType: 'custom',
  logLevel: 'warn',
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, hmr: false, watch: null },
})
try {
  const { drawThumbnails } = await vite.ssrLoadModule(join(folder, 'draw-thumbnails.ts'))
  await drawThumbnails((slug, picture) => {
    writeFileSync(join(folder, `${slug}.svg`), picture)
    console.log(`${slug}.svg  ${picture.length} characters`)
  }, process.argv.slice(2))
} finally {
  await vite.close()
}
