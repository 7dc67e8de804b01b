import { Point, utils, verifyAsync } from '@noble/ed25519'
import { beforeAll, describe, expect, test } from 'vitest'
import { verify as fallback } from '../src/fallback.js'
import { fromBase64, hex, pae, parseEnvelope, parseTrust, verifySignature } from '../src/verify.js'
import { golden, utf8 } from './golden.js'
import { newKey, type TestKey } from './staff.js'

let root: TestKey
let ana: TestKey

beforeAll(async () => {
  ;[root, ana] = await Promise.all([newKey(), newKey()])
})

describe('pinned roots', () => {
  const block = (key: TestKey, header = '') =>
    `-----BEGIN PUBLIC KEY-----\n${header}MCowBQYDK2VwAyEA${key.publicKey}\n-----END PUBLIC KEY-----\n`

  test('are read with the threshold, or without', async () => {
    const text = block(root, 'Threshold: 1\n\n') + block(ana)
    const { roots, rootThreshold } = await parseTrust(text)
    expect(roots).toEqual([root, ana].map(({ keyid, publicKey }) => ({ keyid, publicKey })))
    expect(rootThreshold).toBe(1)
    expect((await parseTrust(text.replaceAll('\n', '\r\n'))).rootThreshold).toBe(1)
    expect((await parseTrust(block(root) + block(ana))).rootThreshold).toBe(2)
  })

  test.each([
    ['nothing', () => ''],
    ['something behind', () => `${block(root)}x`],
    ['a root twice', () => block(root) + block(root)],
    ['a threshold of none', () => block(root, 'Threshold: 0\n\n')],
    ['a threshold above the roots', () => block(root, 'Threshold: 2\n\n')],
    ['a private key', () => block(root).replaceAll('PUBLIC', 'PRIVATE')],
    ['another algorithm', () => block(root).replace('MCow', 'MCox')],
    ['half a block', () => block(root) + block(ana).slice(0, 80)],
    ['a key of small order', () => block({ ...root, publicKey: `${'A'.repeat(43)}=` })],
  ])('%s is refused', async (_, text) => {
    await expect(parseTrust(text())).rejects.toThrow()
  })
})

test('both verifiers agree on each signature of the vectors, changed or not', async () => {
  const vectors = golden<{ body: string; signatures?: { publicKey: string }[]; rule?: string }>(
    'envelopes',
  )
  for (const { body, signatures = [] } of vectors.filter((v) => !v.rule)) {
    const envelope = parseEnvelope(body)
    for (const [i, { publicKey }] of signatures.slice(0, 2).entries()) {
      const { sig } = envelope.signatures[i] ?? expect.unreachable()
      for (const byte of [0, 31, 32, 63]) {
        const changed = Uint8Array.from(sig)
        changed[byte] = (changed[byte] ?? 0) ^ 0x80
        const key = fromBase64(publicKey)
        const native = await verifySignature(key, changed, pae(envelope))
        expect(await fallback(key, changed, pae(envelope))).toBe(native)
      }
    }
  }
})

// Whoever has a key can add a point of small order to R, and make S fit that. Verifiers
// that multiply by the cofactor take it, as noble's own does; servers do not.
test('a signature that fits up to the cofactor is refused', async () => {
  const number = (bytes: Uint8Array) => BigInt(`0x${hex([...bytes].reverse())}`)
  const bytes = (n: bigint) => {
    const digits = n.toString(16).padStart(64, '0').match(/../g) ?? []
    return Uint8Array.from(digits.reverse(), (d) => Number.parseInt(d, 16))
  }
  const { n: order } = Point.CURVE()
  const message = utf8('to be signed')
  const { scalar, pointBytes } = await utils.getExtendedPublicKeyAsync(new Uint8Array(32).fill(7))
  const key = Uint8Array.from(pointBytes)
  const small = Point.fromBytes(new Uint8Array(32)) // of order 4
  const sign = async (extra: Point) => {
    const r = Point.BASE.multiply(5n).add(extra).toBytes()
    const k = await crypto.subtle.digest('SHA-512', Uint8Array.from([...r, ...key, ...message]))
    return Uint8Array.from([...r, ...bytes((5n + number(new Uint8Array(k)) * scalar) % order)])
  }
  for (const [extra, fits] of [
    [Point.ZERO, true],
    [small, false],
  ] as const) {
    const signature = await sign(extra)
    expect(await verifyAsync(signature, message, key)).toBe(true)
    expect(await verifySignature(key, signature, message)).toBe(fits)
    expect(await fallback(key, signature, message)).toBe(fits)
  }
})
