import { resolve } from 'node:path'
import { defineConfig, type Plugin } from 'vite'
import { cataloguePlugin } from './catalogue/vite-plugin.ts'

const root = resolve(import.meta.dirname, '..')

/** Every browser that runs the workbench reads woff2: the two older formats of each KaTeX font stay out of the build. */
const woff2Only: Plugin = {
  name: 'katex-woff2-only',
  enforce: 'pre',
  transform: (code, id) =>
    id.includes('katex') && id.endsWith('.css')
      ? code.replace(/,\s*url\([^)]*\.(?:woff|ttf)\) format\(['"]\w+['"]\)/g, '')
      : undefined,
}

/**
 * A font that arrives late must not move a text that is being read: it is used if it is there within the blink that browsers
 * allow, which the preload in index.html sees to, and from the next visit on.
 */
const fontWithoutShift: Plugin = {
  name: 'font-display-optional',
  enforce: 'pre',
  transform: (code, id) =>
    id.includes('@fontsource') && id.endsWith('.css')
      ? code.replaceAll('font-display: swap', 'font-display: optional')
      : undefined,
}

/** The workbench as static files for any host and any base path: every address in it is relative. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [cataloguePlugin(root), woff2Only, fontWithoutShift],
  build: {
    outDir: resolve(root, 'dist', 'workbench'),
    emptyOutDir: true,
    target: 'es2022',
    // The largest files are the library itself and the charts, which load when a method page opens.
    chunkSizeWarningLimit: 2000,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The content-security policy allows fonts from files only.
    assetsInlineLimit: 0,
  },
  worker: { format: 'es' },
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  server: { fs: { allow: [root] } },
})
