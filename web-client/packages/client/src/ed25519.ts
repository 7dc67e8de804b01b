import { hex, sha256hex } from './envelope.js'

type Bytes = Uint8Array<ArrayBuffer>

/**
 * Whether `signature` of `message` was made by the key of these 32 bytes (RFC 8032).
 * Where WebCrypto lacks Ed25519, an implementation in JavaScript is loaded.
 */
export async function verifySignature(
  publicKey: Bytes,
  signature: Bytes,
  message: Bytes,
): Promise<boolean> {
  const { subtle } = crypto
  let key: CryptoKey
  try {
    key = await subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify'])
  } catch {
    return (await import('./fallback.js')).verify(publicKey, signature, message)
  }
  return subtle.verify('Ed25519', key, signature, message)
}

/** The name of a public key: lower-case hex SHA-256 of its 32 bytes. */
export const keyId: (publicKey: Bytes) => Promise<string> = sha256hex

const p = 2n ** 255n - 19n

/**
 * Whether a public key is the canonical encoding of a point of edwards25519, and not of
 * small order: there are signatures by those that fit every message, and
 * implementations differ on the others.
 */
export function isPublicKey(key: Uint8Array): boolean {
  const y = BigInt.asUintN(255, BigInt(`0x${hex([...key].reverse())}`)) // without x's sign
  const yy = (y * y) % p
  // -x² + y² = 1 + dx²y², where d = -121665/121666. So x² = (y²-1) / (dy²+1), which must be
  // a square; so is this then. It is 0 for the points of order 1 and 2.
  const xx = ((yy - 1n) * (121666n - 121665n * yy) * 121666n) % p
  // Twice a point of order 8 is one of order 4, where y = 0. So dy⁴ + 2y² - 1 = 0.
  const eighth = 121666n * (2n * yy - 1n) - 121665n * yy * yy
  // A square to the power of (p-1)/2, which is 2²⁵⁴-10, is 1.
  let power = xx
  for (let i = 0; i < 254; i++) power = (power * power) % p
  const isSquare = (power - xx ** 10n) % p === 0n
  return key.length === 32 && y < p && (y * xx * eighth) % p !== 0n && isSquare
}
