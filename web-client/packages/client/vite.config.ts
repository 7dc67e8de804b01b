import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

// The one-file build; the modules are tsc's.
export default defineConfig({
  resolve: {
    alias: [
      {
        find: './fetch.js',
        replacement: fileURLToPath(new URL('src/bundled.ts', import.meta.url)),
      },
    ],
  },
  build: {
    lib: { entry: 'src/script.ts', formats: ['iife'], name: 'tocsin', fileName: () => 'tocsin.js' },
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
