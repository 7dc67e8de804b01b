import { execFileSync } from 'node:child_process'
import { defineConfig } from '@playwright/test'

// Debian's sandbox wants more than containers and root have.
const args = ['--no-sandbox', '--force-color-profile=srgb']

export default defineConfig({
  testDir: 'tests',
  outputDir: 'results',
  snapshotPathTemplate: '{testDir}/snapshots/{arg}{ext}',
  fullyParallel: true,
  workers: 3,
  timeout: 180_000,
  // On a machine that is starved of time; the list names what needed it, as flaky.
  retries: 1,
  expect: { timeout: 15_000 },
  forbidOnly: true,
  reporter: [['list'], ['./kit/figures.ts']],
  // The longest begin first, so that no worker waits for the other at the end.
  projects: [
    { name: 'long', testMatch: /(logins|walk|pack)\.spec\.ts/ },
    { name: 'short', testIgnore: /(logins|walk|pack)\.spec\.ts/ },
  ],
  use: {
    launchOptions: { executablePath: chromium(), args },
    locale: 'en-US',
    actionTimeout: 15_000,
    // Of what failed once: of every test, they would take a sixth of the run's time.
    trace: { mode: 'on-first-retry', screenshots: true, snapshots: true },
    screenshot: 'only-on-failure',
  },
})

function chromium(): string {
  if (process.env.CHROMIUM) return process.env.CHROMIUM
  return execFileSync('./chromium.sh', { cwd: '..', encoding: 'utf8' }).trim()
}
