import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (file: string) => fileURLToPath(new URL(`../../packages/${file}`, import.meta.url))

// The packages' sources, so that tests need no build of them.
export default defineConfig({
  resolve: {
    alias: [
      { find: '@tocsin/client/verify', replacement: source('client/src/verify.ts') },
      { find: /^@tocsin\/client$/, replacement: source('client/src/index.ts') },
      { find: '@tocsin/react/style.css', replacement: source('react/src/style.css') },
      { find: /^@tocsin\/react$/, replacement: source('react/src/index.ts') },
    ],
  },
  test: { name: 'console', include: ['test/**/*.test.{ts,tsx}'] },
})
