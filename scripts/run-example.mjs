// Runs one of examples/*.ts with the package as it is built:  npm run example [name]
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'tsdown'

const root = resolve(import.meta.dirname, '..')
const names = readdirSync(join(root, 'examples'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3))
const name = process.argv[2]
if (!names.includes(name)) {
  console.error(`which example? ${names.join(', ')}`)
  process.exit(2)
}
await build({
  config: false,
  cwd: root,
  entry: { [name]: `examples/${name}.ts` },
  outDir: '.tmp/examples',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  dts: false,
  clean: false,
  external: [/^thalweg/],
  logLevel: 'error',
})
await import(pathToFileURL(join(root, '.tmp', 'examples', `${name}.mjs`)).href)
