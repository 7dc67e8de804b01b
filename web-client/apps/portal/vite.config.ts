import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

// The Content-Security-Policy of the edge allows nothing inline: no data: URLs, no
// injected script (docs/web-client.md). call.html is served at /call.
export default defineConfig({
  base: '/',
  plugins: [react()],
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { index: 'index.html', call: 'call.html' } },
  },
  server: {
    proxy: {
      '/v1': { target: 'http://127.0.0.1:8080', ws: true },
      '/dev': { target: 'http://127.0.0.1:8080' },
    },
  },
  test: { environment: 'happy-dom' },
})
