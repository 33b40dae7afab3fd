// The layers of the house, lowest first. A room imports only from layers below it; problem rooms meet only at their
// index.ts. Checked by `npm run layers`.
const problemRooms =
  '(smooth|constrained|bilevel|transport|systems|mip|blackbox|training|distributed|online|control|graphs|learning)'

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'base-is-lowest',
      severity: 'error',
      from: { path: '^src/base/' },
      to: { path: '^(src/(?!base/)|experiments/)' },
    },
    {
      name: 'linalg-below-autodiff',
      severity: 'error',
      from: { path: '^src/linalg/' },
      to: { path: '^(src/(?!base/|linalg/)|experiments/)' },
    },
    {
      name: 'autodiff-below-solver',
      severity: 'error',
      from: { path: '^src/autodiff/' },
      to: { path: '^(src/(?!base/|linalg/|autodiff/)|experiments/)' },
    },
    {
      name: 'solver-below-rooms',
      severity: 'error',
      from: { path: '^src/solver/' },
      to: { path: '^(src/(?!base/|linalg/|autodiff/|solver/)|experiments/)' },
    },
    {
      name: 'data-below-autodiff',
      comment: 'Readers turn text into data and know nothing of methods.',
      severity: 'error',
      from: { path: '^src/data/' },
      to: { path: '^(src/(?!base/|linalg/|data/)|experiments/)' },
    },
    {
      name: 'drawing-below-autodiff',
      comment: 'Charts are drawn from numbers and know nothing of methods.',
      severity: 'error',
      from: { path: '^src/drawing/' },
      to: { path: '^(src/(?!base/|drawing/)|experiments/)' },
    },
    {
      name: 'test-functions-below-rooms',
      comment: 'Problems with known minima, for every room, test, benchmark and page.',
      severity: 'error',
      from: { path: '^src/test-functions/' },
      to: { path: '^(src/(?!base/|linalg/|autodiff/|solver/|test-functions/)|experiments/)' },
    },
    {
      name: 'rooms-below-experiments-and-cli',
      severity: 'error',
      from: { path: `^src/${problemRooms}/` },
      to: { path: '^(src/(cli|node)/|experiments/|workbench/|bench/)' },
    },
    {
      name: 'rooms-meet-at-their-door',
      severity: 'error',
      from: { path: `^src/${problemRooms}/` },
      to: { path: `^src/${problemRooms}/`, pathNot: ['^src/$1/', '/index\\.ts$'] },
    },
    {
      name: 'inputs-below-cli',
      comment: 'What people ask for, read for the command line and the page alike.',
      severity: 'error',
      from: { path: '^src/inputs/' },
      to: { path: '^(src/(cli|node)/|workbench/|bench/)' },
    },
    {
      name: 'inputs-above-rooms',
      severity: 'error',
      from: { path: '^(src|experiments)/', pathNot: '^src/(inputs|cli)/' },
      to: { path: '^src/inputs/' },
    },
    {
      name: 'experiments-below-cli',
      severity: 'error',
      from: { path: '^experiments/' },
      to: { path: '^(src/(cli|node)/|workbench/|bench/)' },
    },
    {
      name: 'workbench-on-top',
      comment: 'The page is built on the library; nothing of the library knows it.',
      severity: 'error',
      from: { path: '^(src|experiments)/' },
      to: { path: '^workbench/' },
    },
    {
      name: 'workbench-without-the-command-line',
      severity: 'error',
      from: { path: '^workbench/' },
      to: { path: '^(src/(cli|node)/|bench/|scripts/)' },
    },
    {
      name: 'library-in-workers-only',
      comment:
        'What computes is loaded by the workers (and at build time by the catalogue and the thumbnails). The page itself takes types, and a few ' +
        'small files that draw or format.',
      severity: 'error',
      from: { path: '^workbench/', pathNot: '^workbench/(worker|stages|catalogue|thumbnails)/' },
      to: {
        path: '^(src|experiments)/',
        pathNot: '^src/(drawing/|base/errors\\.ts$|solver/(trace|result|method)\\.ts$)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'node-only-at-the-edge',
      comment: 'Everything but the command line, the Node adapters and the optional BLAS backend runs in browsers.',
      severity: 'error',
      from: {
        path: '^(src|experiments|workbench)/',
        pathNot: [
          '^src/(cli|node)/',
          '^src/linalg/openblas\\.ts$',
          '^workbench/(vite\\.config|catalogue/vite-plugin)\\.ts$',
        ],
      },
      to: { dependencyTypes: ['core'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs', '.json'] },
  },
}
