import { defineConfig } from 'vite'

// tsc's fallback.js anew, with the Ed25519 that it imports in it: who installs the package
// installs nothing else.
export default defineConfig({
  build: {
    lib: { entry: 'src/fallback.ts', formats: ['es'], fileName: () => 'fallback.js' },
    emptyOutDir: false,
    target: 'es2022',
  },
})
