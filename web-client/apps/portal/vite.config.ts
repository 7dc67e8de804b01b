import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { strictBuild } from '../../vite.base.ts'

const node = 'http://127.0.0.1:8080'

export default defineConfig({
  base: '/',
  plugins: [react()],
  build: {
    ...strictBuild,
    // call.html is served at /call.
    rolldownOptions: { input: { index: 'index.html', call: 'call.html' } },
  },
  server: { proxy: { '/v1': { target: node, ws: true }, '/dev': node } },
  test: { environment: 'happy-dom' },
})
