import { fromBase64, type Keyset, pae, type Role, verifySignature } from '@tocsin/client/verify'
import type { SignedEnvelope } from '../desk/index.js'

/** The roles whose signatures under a notice count. */
export const noticeRoles: readonly Role[] = ['publisher', 'approver']

/** A signature, as judged here by a keyset. */
export interface Judged {
  readonly keyid: string
  /** Whose key it is; null if the keyset has no such key. */
  readonly owner: string | null
  /** It fits these very bytes, and its key had one of the roles when the document was sent. */
  readonly counts: boolean
  readonly breakGlass: boolean
}

/** What of a document its signatures are judged by. */
interface Dated {
  readonly sent: string
  /** Why a break-glass key signed: without, it does not count. */
  readonly note?: string | undefined
}

/** Judges each signature of a document. Of one owner's only the first counts. */
export async function judge(
  envelope: SignedEnvelope,
  keyset: Keyset,
  roles: readonly Role[],
  { sent, note = '' }: Dated,
): Promise<readonly Judged[]> {
  const at = Date.parse(sent)
  const message = pae({ payloadType: envelope.payloadType, payload: fromBase64(envelope.payload) })
  const owners = new Set<string>()
  const judged: Judged[] = []
  for (const { keyid, sig } of envelope.signatures) {
    const key = keyset.keys?.find((k) => k.keyid === keyid)
    const counts =
      key !== undefined &&
      !owners.has(key.owner) &&
      key.roles.some((role) => roles.includes(role)) &&
      (key.breakGlass !== true || note.trim() !== '') &&
      Date.parse(key.notBefore) <= at &&
      at <= Date.parse(key.notAfter) &&
      (await fits(key.publicKey, sig, message))
    if (counts) owners.add(key.owner)
    judged.push({
      keyid,
      owner: key?.owner ?? null,
      counts,
      breakGlass: key?.breakGlass === true,
    })
  }
  return judged
}

/** The owners whose signatures under a document count, sorted. */
export interface Signers {
  readonly owners: readonly string[]
  readonly breakGlass: boolean
}

/** Who has signed a document, by a keyset. */
export async function verifiedSigners(
  envelope: SignedEnvelope,
  keyset: Keyset,
  roles: readonly Role[],
  dated: Dated,
): Promise<Signers> {
  const counting = (await judge(envelope, keyset, roles, dated)).filter(({ counts }) => counts)
  return {
    owners: counting.flatMap(({ owner }) => owner ?? []).sort(),
    breakGlass: counting.some(({ breakGlass }) => breakGlass),
  }
}

async function fits(publicKey: string, sig: string, message: Uint8Array<ArrayBuffer>) {
  try {
    return await verifySignature(fromBase64(publicKey), fromBase64(sig), message)
  } catch {
    return false
  }
}
