import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: ['packages/*', 'apps/*'],
    // Most of their time tests wait, for the backoff of clients above all.
    maxWorkers: availableParallelism() + 1,
  },
})
