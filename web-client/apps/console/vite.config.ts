import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// The desk's Content-Security-Policy allows nothing inline: no data: URLs, no injected
// script (docs/web-client.md).
export default defineConfig({
  base: '/',
  plugins: [react()],
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/v1': 'http://127.0.0.1:8081' } },
})
