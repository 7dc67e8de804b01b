import { fromBase64, type Keyset, pae, verifySignature } from '@tocsin/client/verify'
import type { SignedEnvelope } from '../desk/index.js'

/** A signature under a proposal, as verified here with the keyset in force. */
export interface Verified {
  readonly owner: string
  readonly keyid: string
  readonly good: boolean
}

/** Verifies each signature of an envelope over these very bytes; keys that the keyset lacks are not good. */
export async function verifySignatures(
  envelope: SignedEnvelope,
  keyset: Keyset | null,
): Promise<Verified[]> {
  const message = pae({ payloadType: envelope.payloadType, payload: fromBase64(envelope.payload) })
  return Promise.all(
    envelope.signatures.map(async ({ keyid, sig }) => {
      const key = keyset?.keys?.find((one) => one.keyid === keyid)
      const good =
        key !== undefined &&
        (await verifySignature(fromBase64(key.publicKey), fromBase64(sig), message))
      return { owner: key?.owner ?? 'unknown', keyid, good }
    }),
  )
}
