import { parseTrust } from '@tocsin/client/verify'
import type { Desk } from '../desk/index.js'
import { keysetIn } from '../documents/open.js'

/** Why a root key is not taken in, and where it belongs. */
export class RootKeyError extends Error {
  constructor() {
    super(
      'This is a root key, so it was not taken in and nothing of it is kept. Root keys decide whose signatures count: they belong on a machine that is never connected, or on a stick in a safe. Take this file off this computer, and choose your own key. If it has been here for long, tell whoever keeps the root keys.',
    )
  }
}

/**
 * Rejects with a RootKeyError for a root of the pinned trust or of the keyset in force, and
 * with the desk's problem if it can't tell: then no key is taken in.
 */
export async function refuseRoot(
  desk: Pick<Desk, 'trust' | 'keyset'>,
  keyid: string,
): Promise<void> {
  const [pem, held] = await Promise.all([desk.trust(), desk.keyset()])
  const pinned = await parseTrust(pem)
  const roots = [...pinned.roots, ...(keysetIn(held?.envelope)?.roots ?? [])]
  if (roots.some((root) => root.keyid === keyid)) throw new RootKeyError()
}
