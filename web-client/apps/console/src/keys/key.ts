import { fromBase64, toBase64 } from '@tocsin/client/verify'

/** A staff member's key as this page has it. What the browser keeps of its secret is locked. */
export interface StaffKey {
  /** Lower-case hex SHA-256 of the public key. */
  readonly keyid: string
  /** The owner as the key's holder wrote it; who it is to others is said by the keyset. */
  readonly owner: string
  /** The 32 bytes, base64. */
  readonly publicKey: string
  /** Its private half can't be exported; null while the key is locked. */
  readonly pair: CryptoKeyPair | null
  /**
   * The encrypted backup that the browser keeps; '' of a key that ends with the page, and of
   * one that an earlier console kept unlocked.
   */
  readonly locked: string
  /** RFC 3339. */
  readonly added: string
  /** When its backup was written or last proven by reading it, RFC 3339; '' for never. */
  readonly backedUp: string
  /** False: it lives until the page is closed, or its owner signs out. */
  readonly kept: boolean
}

/** A key that can sign. */
export type ReadyKey = StaffKey & { readonly pair: CryptoKeyPair }

/** Whether the key can sign now. */
export function isReady(key: StaffKey): key is ReadyKey {
  return key.pair !== null
}

/** A key whose secret is still in the page's memory, to be backed up and then kept. */
export interface OpenKey {
  readonly keyid: string
  readonly owner: string
  readonly publicKey: string
  /** PKCS #8, RFC 8410. */
  readonly pkcs8: Uint8Array<ArrayBuffer>
}

const algorithm = 'Ed25519'

/** An owner's name: [a-z0-9-]{1,64}, as notice.PrivateKey has it. */
export const ownerForm = /^[a-z0-9-]{1,64}$/

/** Whether this browser can sign at all (Chrome 137, Firefox 129, Safari 17). */
export async function canSign(): Promise<boolean> {
  try {
    await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])
    return true
  } catch {
    return false
  }
}

/** The name of a public key: lower-case hex SHA-256 of its bytes. */
export async function fingerprint(publicKey: Uint8Array<ArrayBuffer>): Promise<string> {
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', publicKey))
  return Array.from(sum, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Makes a key. Nothing of it is stored before `keep`. */
export async function createKey(owner: string): Promise<OpenKey> {
  const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const pkcs8 = new Uint8Array(
    await crypto.subtle.exportKey('pkcs8', (pair as CryptoKeyPair).privateKey),
  )
  return openKey(owner, pkcs8)
}

/** Reads a PKCS #8 secret; throws if it is no Ed25519 key. */
export async function openKey(owner: string, pkcs8: Uint8Array<ArrayBuffer>): Promise<OpenKey> {
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign'])
  const jwk = await crypto.subtle.exportKey('jwk', key)
  // 32 bytes, which JWK writes without the padding (RFC 7515).
  const bytes = fromBase64(`${(jwk.x ?? '').replaceAll('-', '+').replaceAll('_', '/')}=`)
  return { owner, pkcs8, publicKey: toBase64(bytes), keyid: await fingerprint(bytes) }
}

/** The same key, ready to sign and not exportable any more. */
export async function sealKey(key: OpenKey, locked: string, backedUp: string): Promise<ReadyKey> {
  const { keyid, owner, publicKey } = key
  const [privateKey, publicHalf] = await Promise.all([
    crypto.subtle.importKey('pkcs8', key.pkcs8, algorithm, false, ['sign']),
    crypto.subtle.importKey('raw', fromBase64(publicKey), algorithm, true, ['verify']),
  ])
  const pair = { privateKey, publicKey: publicHalf }
  const added = new Date().toISOString()
  return { keyid, owner, publicKey, pair, locked, kept: locked !== '', backedUp, added }
}
