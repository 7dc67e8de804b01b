import * as verifier from './verifier.js'

/** In place of fetch.ts where all is one file (vite.config.ts). */
export const fetchVerifier = async (): Promise<typeof import('./verifier.js')> => verifier
