import { Point, utils, verifyAsync } from '@noble/ed25519'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { verify as fallback } from '../src/fallback.js'
import {
  Board,
  fromBase64,
  hex,
  type Keyset,
  keyId,
  marshalEnvelope,
  pae,
  parseEnvelope,
  parseTrust,
  phaseOf,
  type Role,
  sealEnvelope,
  signEnvelope,
  type Trust,
  toBase64,
  verifySignature,
} from '../src/verify.js'
import { golden, utf8 } from './golden.js'

const type = (kind: string) => `application/vnd.tocsin.${kind}+json`
const start = '2026-11-22T09:30:00-00:00'

async function newKey() {
  const pair = (await crypto.subtle.generateKey('Ed25519', false, [
    'sign',
    'verify',
  ])) as CryptoKeyPair
  const bytes = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  return { pair, bytes, keyid: await keyId(bytes), publicKey: toBase64(bytes) }
}
type TestKey = Awaited<ReturnType<typeof newKey>>

async function sign(kind: string, document: unknown, ...keys: TestKey[]): Promise<string> {
  let envelope = sealEnvelope(type(kind), utf8(JSON.stringify(document)))
  for (const key of keys) envelope = await signEnvelope(envelope, key.pair)
  return marshalEnvelope(envelope)
}

let root: TestKey
let ana: TestKey
let ben: TestKey
let trust: Trust

const staff = (key: TestKey, owner: string, ...roles: Role[]) => ({
  keyid: key.keyid,
  publicKey: key.publicKey,
  owner,
  roles,
  notBefore: '2026-01-01T00:00:00-00:00',
  notAfter: '2027-01-01T00:00:00-00:00',
  breakGlass: false,
})

const keysetOf = (version: number, keys: Keyset['keys']): Keyset => ({
  version,
  expires: '2027-01-01T00:00:00-00:00',
  dev: false,
  roots: [{ keyid: root.keyid, publicKey: root.publicKey }],
  rootThreshold: 1,
  keys: keys ?? [],
  policy: {},
})

const alert = (identifier: string, headline = 'Video calls are unavailable.') => ({
  identifier,
  sender: 'incident@north.example',
  sent: start,
  status: 'Actual',
  msgType: 'Alert',
  scope: 'Public',
  info: [
    {
      category: ['Infra'],
      event: 'Calls unavailable',
      urgency: 'Immediate',
      severity: 'Severe',
      certainty: 'Observed',
      expires: '2026-11-22T18:00:00-00:00',
      headline,
    },
  ],
})

beforeAll(async () => {
  ;[root, ana, ben] = await Promise.all([newKey(), newKey(), newKey()])
  trust = { roots: [{ keyid: root.keyid, publicKey: root.publicKey }], rootThreshold: 1 }
})

const both = () => [staff(ana, 'ana', 'publisher'), staff(ben, 'ben', 'approver')]

async function boardWith(...bodies: string[]): Promise<Board> {
  const board = new Board(trust, false)
  for (const [i, body] of bodies.entries()) {
    const { verdict } = await board.fold({ seq: i + 1, body })
    expect(verdict).toBe('accepted')
  }
  return board
}

describe('whatever is changed in a signed envelope', () => {
  test('nothing shows but what was signed', async () => {
    const keyset = await sign('keyset', keysetOf(1, both()), root)
    const body = await sign('notice', alert('a'), ana, ben)
    const signed = parseEnvelope(body).payload
    const cut = fc.record({
      at: fc.nat(body.length - 1),
      length: fc.nat(3),
      text: fc.oneof(
        fc.string({ maxLength: 3 }),
        fc.constantFrom('', 'A', '=', '"', '\\u0041', ' ', '{', '},{', '0', 'null'),
        fc.nat(body.length - 1).map((i) => body.slice(i, i + 4)),
      ),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(cut, { minLength: 1, maxLength: 3 }), async (cuts) => {
        const changed = cuts.reduce(
          (text, { at, length, text: other }) =>
            text.slice(0, at) + other + text.slice(at + length),
          body,
        )
        const board = await boardWith(keyset)
        const { verdict } = await board.fold({ seq: 2, body: changed })
        if (verdict === 'accepted') expect(parseEnvelope(changed).payload).toEqual(signed)
        else expect(board.threads).toEqual([])
      }),
      { numRuns: 400 },
    )
  })

  test('a payload signed by one of two does not show, and a bit makes the second void', async () => {
    const keyset = await sign('keyset', keysetOf(1, both()), root)
    const one = await sign('notice', alert('a'), ana)
    const two = parseEnvelope(await sign('notice', alert('a'), ana, ben))
    await fc.assert(
      fc.asyncProperty(fc.nat(1), fc.nat(511), async (which, bit) => {
        const signatures = two.signatures.map((s, i) => {
          const sig = Uint8Array.from(s.sig)
          if (i === which) sig[bit >> 3] = (sig[bit >> 3] ?? 0) ^ (1 << (bit & 7))
          return { ...s, sig }
        })
        const board = await boardWith(keyset)
        const bodies = [one, marshalEnvelope({ ...two, signatures })]
        for (const body of bodies)
          expect((await board.fold({ seq: 2, body })).verdict).toBe('rejected')
        expect(board.threads).toEqual([])
      }),
      { numRuns: 60 },
    )
  })
})

test('overlapping calls take effect in order: an Update does not overtake its Alert', async () => {
  const keyset = await sign('keyset', keysetOf(1, both()), root)
  const bodies = [keyset]
  for (let i = 0; i < 20; i++) {
    const original = alert(`a${i}`)
    const references = [`${original.sender},${original.identifier},${original.sent}`]
    bodies.push(await sign('notice', original, ana, ben))
    bodies.push(
      await sign('notice', { ...alert(`u${i}`), msgType: 'Update', references }, ana, ben),
    )
  }
  const board = new Board(trust, false)
  const outcomes = await Promise.all(bodies.map((body, i) => board.fold({ seq: i + 1, body })))
  expect(outcomes.map((o) => o.verdict)).toEqual(bodies.map(() => 'accepted'))
  expect(board.threads.map((t) => t.messages.length)).toEqual(Array(20).fill(2))
})

test('a removed key voids what it signed, its return brings it back', async () => {
  const board = await boardWith(
    await sign('keyset', keysetOf(1, both()), root),
    await sign('notice', alert('a'), ana, ben),
  )
  const [held] = board.threads
  await board.fold({ seq: 3, body: await sign('keyset', keysetOf(2, both().slice(0, 1)), root) })
  expect(board.threads).toEqual([])
  expect(held?.messages).toHaveLength(1)
  await board.fold({ seq: 4, body: await sign('keyset', keysetOf(3, both()), root) })
  expect(board.threads.map((t) => t.current.hash)).toEqual([held?.current.hash])
  // Of keysets, a snapshot holds the newest and those that changed the roots.
  expect(board.snapshot(0).map((a) => a.keyset?.version)).toEqual([3, undefined])
})

test('a notice stands by a key that was not known when it came', async () => {
  const cara = await newKey()
  const board = await boardWith(
    await sign('keyset', keysetOf(1, both()), root),
    await sign('notice', alert('a'), ana, ben, cara),
  )
  const keys = [staff(ana, 'ana', 'publisher'), staff(cara, 'cara', 'approver')]
  await board.fold({ seq: 3, body: await sign('keyset', keysetOf(2, keys), root) })
  expect(board.threads.map((t) => t.current.signers)).toEqual([['ana', 'cara']])
})

describe('contacts', () => {
  const card = {
    language: 'en',
    audience: 'patient',
    name: 'North Clinic',
    telephone: '+1 (555) 010-00',
  }
  const staffed = () => [staff(ana, 'ana', 'contacts'), staff(ben, 'ben', 'contacts')]
  const contacts = (version: number, ...cards: unknown[]) => ({ version, sent: start, cards })

  test('are replaced by a newer version alone, signed by two', async () => {
    const board = await boardWith(
      await sign('keyset', keysetOf(1, staffed()), root),
      await sign('contacts', contacts(2, card), ana, ben),
    )
    const refused = [
      await sign('contacts', contacts(2), ana, ben),
      await sign('contacts', contacts(1), ana, ben),
      await sign('contacts', contacts(3), ana),
    ]
    for (const body of refused)
      expect((await board.fold({ seq: 3, body })).verdict).toBe('rejected')
    expect(board.contacts).toEqual(contacts(2, card))
    await board.fold({ seq: 4, body: await sign('contacts', contacts(3), ana, ben) })
    expect(board.contacts?.cards).toEqual([])
  })

  test.each([
    ['neither telephone nor email', { ...card, telephone: '' }],
    ['no name', { ...card, name: '' }],
    ['a line end in a name', { ...card, name: 'North\nClinic' }],
    ['letters in a telephone number', { ...card, telephone: '0800 CLINIC' }],
    ['an e-mail address that does more', { ...card, email: 'help@north.example?cc=x@y.example' }],
    ['two addresses', { ...card, email: 'a@b.example@c.example' }],
    ['a host that is none', { ...card, email: 'help@-north.example' }],
    ['no language', { ...card, language: '' }],
    ['an unknown member', { ...card, fax: '1' }],
    ['text for a card', 'North Clinic'],
  ])('%s is refused', async (_, bad) => {
    const board = await boardWith(await sign('keyset', keysetOf(1, staffed()), root))
    const body = await sign('contacts', contacts(1, card, bad), ana, ben)
    expect((await board.fold({ seq: 2, body })).verdict).toBe('rejected')
    const mended = await sign(
      'contacts',
      contacts(1, card, { ...card, email: 'help@north.example' }),
      ana,
      ben,
    )
    expect((await board.fold({ seq: 3, body: mended })).verdict).toBe('accepted')
  })
})

test('an older keyset, and one of the same version, are refused', async () => {
  const board = await boardWith(
    await sign('keyset', keysetOf(2, both()), root),
    await sign('notice', alert('a'), ana, ben),
  )
  for (const version of [1, 2]) {
    const body = await sign('keyset', keysetOf(version, []), root)
    expect((await board.fold({ seq: 3, body })).verdict).toBe('rejected')
  }
  expect(board.keyset?.version).toBe(2)
  expect(board.threads).toHaveLength(1)
})

test('a developer’s keyset counts where it is allowed', async () => {
  const body = await sign('keyset', { ...keysetOf(1, both()), dev: true }, root)
  expect((await new Board(trust, false).fold({ seq: 1, body })).verdict).toBe('rejected')
  expect((await new Board(trust, true).fold({ seq: 1, body })).verdict).toBe('accepted')
})

test.each([
  undefined,
  null,
  7,
  '',
  '{}',
  {},
  [],
  { payloadType: null, payload: 'QQ==', signatures: null },
])('an entry of %j is refused, and stops nothing', async (body) => {
  const board = await boardWith(await sign('keyset', keysetOf(1, both()), root))
  expect((await board.fold({ seq: 2, body })).verdict).toBe('rejected')
  const good = await sign('notice', alert('a'), ana, ben)
  expect((await board.fold({ seq: 3, body: good })).verdict).toBe('accepted')
})

test.each(['notice', 'application/vnd.tocsin.notice+jsonx', type('head'), type('posture')])(
  'an alert signed as %s is skipped',
  async (payloadType) => {
    const payload = utf8(JSON.stringify(alert('a')))
    let envelope = sealEnvelope(payloadType, payload)
    for (const key of [ana, ben]) envelope = await signEnvelope(envelope, key.pair)
    const board = await boardWith(await sign('keyset', keysetOf(1, both()), root))
    const { verdict } = await board.fold({ seq: 2, body: marshalEnvelope(envelope) })
    expect(verdict).toBe('skipped')
    const passed = marshalEnvelope({ ...envelope, payloadType: type('notice') })
    expect((await board.fold({ seq: 3, body: passed })).verdict).toBe('rejected')
  },
)

test('phases, to the millisecond', async () => {
  const original = alert('a')
  const cancel = {
    ...original,
    identifier: 'c',
    msgType: 'Cancel',
    note: 'Over.',
    sent: '2026-11-22T12:00:00-00:00',
    references: [`${original.sender},a,${start}`],
    info: undefined,
  }
  const board = await boardWith(
    await sign('keyset', keysetOf(1, both()), root),
    await sign('notice', original, ana, ben),
  )
  const at = (time: string, after = 0) => {
    const [thread] = board.threads
    return thread && phaseOf(thread, Date.parse(time) + after)
  }
  expect(at('2026-11-22T18:00:00Z', -1)).toBe('active')
  expect(at('2026-11-22T18:00:00Z')).toBe('over')
  await board.fold({ seq: 3, body: await sign('notice', cancel, ana) })
  expect(at('2026-11-22T12:00:00Z')).toBe('withdrawn')
  expect(at('2026-11-23T12:00:00Z', -1)).toBe('withdrawn')
  expect(at('2026-11-23T12:00:00Z')).toBe('over')
  expect(board.snapshot(Date.parse('2026-11-23T12:10:00Z'))).toHaveLength(1)
  expect(board.snapshot(Date.parse('2026-11-23T12:09:59Z'))).toHaveLength(3)
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
