import { keyId } from './ed25519.js'
import { fromBase64 } from './envelope.js'
import { checkKeys } from './keyset.js'
import type { Trust } from './model.js'
import { must } from './rule.js'

// A SubjectPublicKeyInfo of an Ed25519 key (RFC 8410): the first 12 bytes are the same
// for all, and make 16 characters of base64.
const block =
  /-----BEGIN PUBLIC KEY-----\s+(?:Threshold: (\d+)\s+)?MCowBQYDK2VwAyEA(.{43}=)\s+-----END PUBLIC KEY-----/g

/**
 * Reads pinned roots: PEM blocks "PUBLIC KEY". A header `Threshold: n` on the first says
 * how many must sign the first keyset; without it, all. Rejects what is not just that.
 */
export async function parseTrust(pem: string): Promise<Trust> {
  must(!pem.replace(block, '').trim())
  const blocks = [...pem.matchAll(block)]
  const roots = await Promise.all(
    blocks.map(async ([, , publicKey = '']) => ({
      keyid: await keyId(fromBase64(publicKey)),
      publicKey,
    })),
  )
  const rootThreshold = Number(blocks[0]?.[1] ?? roots.length)
  must(rootThreshold >= 1 && rootThreshold <= roots.length)
  await checkKeys(roots)
  return { roots, rootThreshold }
}
