import { defineConfig } from 'tsdown'

/** Every room is an entry point of its own; `package.json` maps `thalweg/<room>` to it. */
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    base: 'src/base/index.ts',
    linalg: 'src/linalg/index.ts',
    autodiff: 'src/autodiff/index.ts',
    solver: 'src/solver/index.ts',
    smooth: 'src/smooth/index.ts',
    systems: 'src/systems/index.ts',
    blackbox: 'src/blackbox/index.ts',
    'test-functions': 'src/test-functions/index.ts',
    online: 'src/online/index.ts',
    transport: 'src/transport/index.ts',
    mip: 'src/mip/index.ts',
    'mip-worker': 'src/mip/worker.ts',
    registry: 'src/registry.ts',
    experiments: 'experiments/index.ts',
    data: 'src/data/index.ts',
    drawing: 'src/drawing/index.ts',
    node: 'src/node/index.ts',
    'cli/main': 'src/cli/main.ts',
  },
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  dts: true,
  sourcemap: false,
  external: ['koffi', /^node:/],
  clean: true,
})
