/**
 * Fetches the half that verifies. Browsers may remember a fetch that failed, by its address, for
 * as long as the page is open (HTML, "fetch a single module script"). Their errors name it, also
 * when a bundler has renamed the file; under a changed one it is fetched anew.
 */
export const fetchVerifier = (): Promise<typeof import('./verifier.js')> =>
  import('./verifier.js').catch((why) => {
    const [address] = /https?:\S+/.exec(why) ?? []
    return import(/* @vite-ignore */ /* webpackIgnore: true */ `${address}?${Date.now()}`)
  })
