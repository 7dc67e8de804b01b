import { defineConfig } from 'vite'

// The one-file build; the modules are tsc's.
export default defineConfig({
  build: {
    lib: { entry: 'src/script.ts', formats: ['iife'], name: 'tocsin', fileName: () => 'tocsin.js' },
    emptyOutDir: false,
    target: 'es2022',
  },
})
