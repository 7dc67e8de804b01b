import type { BuildOptions } from 'vite'

/**
 * How both apps are built: their Content-Security-Policy allows nothing inline, no data:
 * URLs and no injected script (docs/web-client.md).
 */
export const strictBuild: BuildOptions = {
  target: 'es2022',
  outDir: 'dist',
  emptyOutDir: true,
  assetsInlineLimit: 0,
  modulePreload: { polyfill: false },
}
