import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Node 20 has a WebSocket only if asked.
  test: { name: 'client', include: ['test/**/*.test.ts'], execArgv: ['--experimental-websocket'] },
})
