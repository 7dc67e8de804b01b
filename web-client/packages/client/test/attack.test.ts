import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  Board,
  type Keyset,
  marshalEnvelope,
  parseEnvelope,
  phaseOf,
  sealEnvelope,
  signEnvelope,
  type Trust,
} from '../src/verify.js'
import { utf8, verdictOf } from './golden.js'
import { newKey, sign, staff, start, type TestKey, type } from './staff.js'

let root: TestKey
let ana: TestKey
let ben: TestKey
let trust: Trust

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
    const verdict = verdictOf(await board.fold({ seq: i + 1, body }))
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
        const verdict = verdictOf(await board.fold({ seq: 2, body: changed }))
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
          expect(verdictOf(await board.fold({ seq: 2, body }))).toBe('rejected')
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
  expect(outcomes.map(verdictOf)).toEqual(bodies.map(() => 'accepted'))
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

test.each([
  ['from its first second', start, '2027-01-01T00:00:00-00:00', 'accepted'],
  ['to its last', '2026-01-01T00:00:00-00:00', start, 'accepted'],
  ['not before', '2026-11-22T09:30:01-00:00', '2027-01-01T00:00:00-00:00', 'rejected'],
  ['not after', '2026-01-01T00:00:00-00:00', '2026-11-22T09:29:59-00:00', 'rejected'],
])('a key counts %s', async (_, notBefore, notAfter, verdict) => {
  const keys = [
    staff(ana, 'ana', 'publisher'),
    { ...staff(ben, 'ben', 'approver'), notBefore, notAfter },
  ]
  const board = await boardWith(await sign('keyset', keysetOf(1, keys), root))
  const body = await sign('notice', alert('a'), ana, ben)
  expect(verdictOf(await board.fold({ seq: 2, body }))).toBe(verdict)
})

test('a Cancel with text needs what an Update of that text does', async () => {
  const keyset = { ...keysetOf(1, both()), policy: { thresholds: { bySeverity: { Minor: 1 } } } }
  const minor = alert('a')
  minor.info = minor.info.map((i) => ({ ...i, severity: 'Minor' }))
  const board = await boardWith(
    await sign('keyset', keyset, root),
    await sign('notice', minor, ana),
  )
  const references = [`${minor.sender},a,${start}`]
  const cancel = { ...alert('c'), msgType: 'Cancel', note: 'Over.', references }
  const one = await sign('notice', cancel, ana)
  expect(verdictOf(await board.fold({ seq: 3, body: one }))).toBe('rejected')
  const two = await sign('notice', cancel, ana, ben)
  expect(verdictOf(await board.fold({ seq: 3, body: two }))).toBe('accepted')
})

test('what follows a Cancel needs no fewer signatures, and changes nothing', async () => {
  const original = alert('a')
  const references = [`${original.sender},a,${start}`]
  const cancel = { ...alert('c'), msgType: 'Cancel', note: 'Over.', references, info: undefined }
  const update = { ...alert('u'), msgType: 'Update', references }
  update.info = update.info.map((i) => ({ ...i, severity: 'Minor' }))
  const board = await boardWith(
    await sign(
      'keyset',
      { ...keysetOf(1, both()), policy: { thresholds: { bySeverity: { Minor: 1 } } } },
      root,
    ),
    await sign('notice', original, ana, ben),
    await sign('notice', cancel, ana),
  )
  const one = await sign('notice', update, ana)
  expect(verdictOf(await board.fold({ seq: 4, body: one }))).toBe('rejected')
  const two = await sign('notice', update, ana, ben)
  expect(verdictOf(await board.fold({ seq: 4, body: two }))).toBe('accepted')
  expect(board.threads.map((t) => t.current.notice?.msgType)).toEqual(['Cancel'])
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
      expect(verdictOf(await board.fold({ seq: 3, body }))).toBe('rejected')
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
    expect(verdictOf(await board.fold({ seq: 2, body }))).toBe('rejected')
    const mended = await sign(
      'contacts',
      contacts(1, card, { ...card, email: 'help@north.example' }),
      ana,
      ben,
    )
    expect(verdictOf(await board.fold({ seq: 3, body: mended }))).toBe('accepted')
  })
})

test('an older keyset, and one of the same version, are refused', async () => {
  const board = await boardWith(
    await sign('keyset', keysetOf(2, both()), root),
    await sign('notice', alert('a'), ana, ben),
  )
  for (const version of [1, 2]) {
    const body = await sign('keyset', keysetOf(version, []), root)
    expect(verdictOf(await board.fold({ seq: 3, body }))).toBe('rejected')
  }
  expect(board.keyset?.version).toBe(2)
  expect(board.threads).toHaveLength(1)
})

test('a developer’s keyset counts where it is allowed', async () => {
  const body = await sign('keyset', { ...keysetOf(1, both()), dev: true }, root)
  expect(verdictOf(await new Board(trust, false).fold({ seq: 1, body }))).toBe('rejected')
  expect(verdictOf(await new Board(trust, true).fold({ seq: 1, body }))).toBe('accepted')
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
  expect(verdictOf(await board.fold({ seq: 2, body }))).toBe('rejected')
  const good = await sign('notice', alert('a'), ana, ben)
  expect(verdictOf(await board.fold({ seq: 3, body: good }))).toBe('accepted')
})

test.each(['notice', 'application/vnd.tocsin.notice+jsonx', type('head'), type('posture')])(
  'an alert signed as %s is skipped',
  async (payloadType) => {
    const payload = utf8(JSON.stringify(alert('a')))
    let envelope = sealEnvelope(payloadType, payload)
    for (const key of [ana, ben]) envelope = await signEnvelope(envelope, key.pair)
    const board = await boardWith(await sign('keyset', keysetOf(1, both()), root))
    const verdict = verdictOf(await board.fold({ seq: 2, body: marshalEnvelope(envelope) }))
    expect(verdict).toBe('skipped')
    const passed = marshalEnvelope({ ...envelope, payloadType: type('notice') })
    expect(verdictOf(await board.fold({ seq: 3, body: passed }))).toBe('rejected')
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
