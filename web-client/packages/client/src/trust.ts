import type { Trust } from './model.js'

/** Reads pinned roots: PEM blocks "PUBLIC KEY", Ed25519. Rejects what is not just that. */
export async function parseTrust(_pem: string): Promise<Trust> {
  throw new Error('not written yet')
}
