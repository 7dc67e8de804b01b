import { defineConfig } from 'vite'

// tsc's fallback.js anew, with the Ed25519 that it imports in it: who installs the package
// installs nothing else.
export default defineConfig({
  build: {
    lib: { entry: 'src/fallback.ts', formats: ['es'], fileName: () => 'fallback.js' },
    rolldownOptions: {
      // Minified away otherwise; its licence asks for it.
      output: {
        postBanner: '/*! noble-ed25519 - MIT License (c) 2019 Paul Miller (paulmillr.com) */',
      },
    },
    emptyOutDir: false,
    target: 'es2022',
  },
})
