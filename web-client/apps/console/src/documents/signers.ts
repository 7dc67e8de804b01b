import { fromBase64, type Keyset, pae, type Role, verifySignature } from '@tocsin/client/verify'
import type { SignedEnvelope } from '../desk/index.js'

/** The owners whose signatures under a document were verified here, sorted. */
export interface Signers {
  readonly owners: readonly string[]
  readonly breakGlass: boolean
}

/**
 * Verifies the signatures of a document by the keys of a keyset that have the role and
 * count at `sent`. An owner counts once.
 */
export async function verifiedSigners(
  envelope: SignedEnvelope,
  keyset: Keyset,
  role: Role,
  sent: string,
): Promise<Signers> {
  const at = Date.parse(sent)
  const message = pae({ payloadType: envelope.payloadType, payload: fromBase64(envelope.payload) })
  const owners = new Set<string>()
  let breakGlass = false
  for (const { keyid, sig } of envelope.signatures) {
    const key = keyset.keys?.find((k) => k.keyid === keyid)
    if (!key?.roles.includes(role)) continue
    if (!(Date.parse(key.notBefore) <= at && at <= Date.parse(key.notAfter))) continue
    if (!(await verifySignature(fromBase64(key.publicKey), fromBase64(sig), message))) continue
    owners.add(key.owner)
    breakGlass ||= key.breakGlass === true
  }
  return { owners: [...owners].sort(), breakGlass }
}

/** How many of the given roots have signed a keyset. */
export async function rootSignatures(
  envelope: SignedEnvelope,
  roots: readonly { readonly keyid: string; readonly publicKey: string }[],
): Promise<number> {
  const message = pae({ payloadType: envelope.payloadType, payload: fromBase64(envelope.payload) })
  const good = await Promise.all(
    envelope.signatures.map(async ({ keyid, sig }) => {
      const root = roots.find((r) => r.keyid === keyid)
      return (
        root !== undefined && verifySignature(fromBase64(root.publicKey), fromBase64(sig), message)
      )
    }),
  )
  return good.filter(Boolean).length
}
