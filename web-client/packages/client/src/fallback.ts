import { etc, Point } from '@noble/ed25519'

// Ed25519 where WebCrypto lacks it: before Chrome 137, Firefox 129 and Safari 17. It is
// loaded only there.

const { BASE } = Point
const order = Point.CURVE().n

/**
 * RFC 8032, section 5.1.7, as Go's crypto/ed25519 reads it: without the cofactor, S below
 * the group's order, R compared by its bytes. (noble's own verify multiplies by the
 * cofactor, and would take signatures that servers refuse.)
 */
export async function verify(
  publicKey: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
  message: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const r = signature.slice(0, 32)
  const s = littleEndian(signature.slice(32))
  if (signature.length !== 64 || s >= order) return false
  const digest = await crypto.subtle.digest(
    'SHA-512',
    Uint8Array.from([...r, ...publicKey, ...message]),
  )
  const k = etc.mod(littleEndian(new Uint8Array(digest)), order)
  const kA = Point.fromBytes(publicKey).multiply(k, false)
  const expected = BASE.multiply(s, false).add(kA.negate()).toBytes()
  return expected.every((byte, i) => byte === r[i])
}

function littleEndian(bytes: Uint8Array<ArrayBuffer>): bigint {
  return BigInt(`0x${etc.bytesToHex(bytes.reverse())}`)
}
