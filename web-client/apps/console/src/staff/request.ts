import { fromBase64, toBase64 } from '@tocsin/client/verify'
import { fingerprint, ownerForm } from '../keys/index.js'

/** The public half of a key, with the name of who asks for it to count. */
export interface KeyRequest {
  readonly owner: string
  readonly keyid: string
  /** The 32 bytes, base64. */
  readonly publicKey: string
}

/** What comes before the 32 bytes in the SubjectPublicKeyInfo of an Ed25519 key (RFC 8410). */
const spki = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]

/** The text that `tocsin key show` prints of a key, and `tocsin keyset add` reads. */
export function requestText({ owner, keyid, publicKey }: KeyRequest): string {
  const der = toBase64(Uint8Array.from([...spki, ...fromBase64(publicKey)]))
  return [
    `owner ${owner}`,
    `keyid ${keyid}`,
    '-----BEGIN PUBLIC KEY-----',
    `Owner: ${owner}`,
    '',
    der,
    '-----END PUBLIC KEY-----',
    '',
  ].join('\n')
}

/** Why a text is no request, in words. */
export class RequestError extends Error {}

/** Reads such a text, as a mail program may have wrapped or quoted it. */
export async function readRequest(text: string): Promise<KeyRequest> {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/^[>\s]+/, '').trim())
  const begin = lines.indexOf('-----BEGIN PUBLIC KEY-----')
  const end = lines.indexOf('-----END PUBLIC KEY-----')
  if (begin < 0 || end < begin) {
    throw new RequestError(
      'There is no key in this text. It has lines from BEGIN PUBLIC KEY to END PUBLIC KEY.',
    )
  }
  const block = lines.slice(begin + 1, end)
  const owner =
    /^Owner: *(.*)$/.exec(block.find((line) => line.startsWith('Owner:')) ?? '')?.[1] ?? ''
  if (!ownerForm.test(owner)) throw new RequestError('The text does not say whose key it is.')
  const der = bytes(block.filter((line) => !line.includes(':')).join(''))
  if (der.length !== spki.length + 32 || spki.some((byte, i) => der[i] !== byte)) {
    throw new RequestError('This is not an Ed25519 key; a part of the text may be missing.')
  }
  const raw = der.slice(spki.length)
  return { owner, publicKey: toBase64(raw), keyid: await fingerprint(raw) }
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  try {
    return fromBase64(text)
  } catch {
    throw new RequestError('A part of the key is missing, or was changed on its way.')
  }
}
