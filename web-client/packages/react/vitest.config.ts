import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const client = (file: string) => fileURLToPath(new URL(`../client/src/${file}`, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: '@tocsin/client/verify', replacement: client('verify.ts') },
      { find: '@tocsin/client', replacement: client('index.ts') },
    ],
  },
  test: {
    name: 'react',
    environment: 'happy-dom',
    include: ['test/**/*.test.{ts,tsx}'],
    // Node 20 has a WebSocket only if asked.
    execArgv: ['--experimental-websocket'],
  },
})
