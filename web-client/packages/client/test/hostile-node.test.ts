// A node, or whoever is in between, is not to be believed: nothing that it does puts a wrong
// notice into what a page shows. Each attack ends with a good notice of its own, which shows
// that the client went on, and that the attack was seen to the end.

import { afterEach, expect, test } from 'vitest'
import { cap, newClinic, newKey, signed, t0 } from './kit/clinic.js'
import { Disk, headlines, isLive, openPage, until } from './kit/device.js'
import { cursor, entry, heartbeat, synced, welcome } from './kit/frames.js'
import { type ScriptedNode, scriptedNode } from './kit/node.js'

const clinic = await newClinic()
const keyset = await clinic.keyset()
const last = await clinic.publish(clinic.alert({}, { headline: 'the last', severity: 'Minor' }))

let node: ScriptedNode | undefined
afterEach(() => node?.close())

const alert = clinic.alert({}, { headline: 'first' })
const info = (alert.info as object[])[0]
const update = clinic.follow('Update', [alert], { info: [{ ...info, headline: 'second' }] })
const first = await clinic.publish(alert)
const second = await clinic.publish(update)

/** The envelope with another payload under the same signatures. */
const tampered = (body: string) => {
  const envelope = JSON.parse(body)
  const text = Buffer.from(envelope.payload, 'base64').toString().replace('first', 'evil!')
  return JSON.stringify({ ...envelope, payload: Buffer.from(text).toString('base64') })
}

const eve = await newKey('eve', 'publisher')
const eves = await signed('notice', alert, eve, clinic.ben)
const forged = (await clinic.keyset(2, {}, [eve, clinic.ben])).replace(/"sig":"..../, '"sig":"AAAA')
const attacks: [name: string, bodies: string[], shows: string[], lies?: 'lies'][] = [
  ['nothing', [], []],
  ['an Alert', [first], ['first']],
  ['its Update', [first, second], ['second']],
  ['entries repeated', [first, first, second, first, second], ['second']],
  ['an Update without its Alert', [second], [], 'lies'],
  ['a tampered notice', [tampered(first)], [], 'lies'],
  ['one signature too few', [await signed('notice', alert, clinic.ana)], [], 'lies'],
  ['no publisher', [await signed('notice', alert, clinic.ben)], [], 'lies'],
  ['a stranger', [await signed('notice', alert, clinic.ana, eve)], [], 'lies'],
  ['a keyset that no root signed', [forged, eves], [], 'lies'],
  ['an older keyset', [await clinic.keyset(1, { expires: cap(t0 + 1000) }, []), first], ['first']],
  [
    'a dev keyset, off loopback',
    [await clinic.keyset(3, { dev: true }, []), first],
    ['first'],
    'lies',
  ],
  ['an unknown type', [first.replace('notice+json', 'poll+json')], []],
  ['a posture', [await signed('posture', { version: 1 }, clinic.ana)], []],
]

for (const after of [false, true])
  test.for(attacks)(`${after ? 'live' : 'in a snapshot'}: %s`, async ([, bodies, shows, lies]) => {
    const hellos: unknown[] = []
    node = await scriptedNode(async (caller, call) => {
      hellos.push((await caller.next('hello')).cursor)
      if (call > 0) return caller.say(welcome(), entry(1, keyset), entry(99, last), synced(99))
      const entries = bodies.map((body, i) => entry(i + 2, body))
      caller.say(welcome(), entry(1, keyset), ...(after ? [] : entries), synced(1))
      caller.say(...(after ? entries : []), heartbeat({ cursor: cursor(98) }))
      caller.say(entry(99, last))
    })
    // The page believes the node to be elsewhere, so that a dev keyset is refused.
    const Real = WebSocket
    globalThis.WebSocket = class extends Real {
      constructor(url: string, protocol: string) {
        super(url.replace('node.example', '127.0.0.1'), protocol)
      }
    } as typeof WebSocket
    try {
      const url = node.url.replace('127.0.0.1', 'node.example')
      const storage = new Disk()
      const page = openPage({ url, roots: clinic.roots, storage })
      const believed: boolean[] = []
      page.subscribe(() => {
        const lied = !!node && node.calls < 2 && storage.text().includes('"seq":1,')
        if (lies && !after && lied) believed.push(isLive(page.getState()))
      })
      const state = await until(page, (s) => isLive(s) && headlines(s).includes('the last'))
      expect(headlines(state)).toEqual([...shows, 'the last'])
      expect(believed).not.toContain(true)
      expect(hellos).toEqual(lies ? [undefined, undefined] : [undefined])
    } finally {
      globalThis.WebSocket = Real
    }
  })

test('a dev keyset holds on loopback', async () => {
  const dev = await clinic.keyset(3, { dev: true }, [eve, clinic.ben])
  node = await scriptedNode(async (caller) => {
    await caller.next('hello')
    caller.say(welcome(), entry(1, keyset), entry(2, dev), entry(3, eves), synced(3))
  })
  const page = openPage({ url: node.url, roots: clinic.roots })
  expect(headlines(await until(page, (s) => s.notices.length > 0))).toEqual(['first'])
})

test('a replay that ends before synced shows nothing', async () => {
  let cut = () => {}
  node = await scriptedNode(async (caller, call) => {
    await caller.next('hello')
    caller.say(welcome(), entry(1, keyset))
    if (call > 0) return caller.say(synced(1), heartbeat())
    cut = caller.cut
    // The auth frame tells that the entry before it has been dealt with.
    caller.say(entry(2, first), {
      type: 'auth',
      tier: 'private',
      labels: [],
      auth: { state: 'ok' },
    })
  })
  const page = openPage({ url: node.url, roots: clinic.roots })
  const seen: unknown[] = []
  page.subscribe(() => seen.push(...headlines(page.getState())))
  await until(page, (s) => s.tier === 'private')
  cut()
  await until(page, isLive)
  expect(seen).toEqual([])
  expect(node.calls).toBe(2)
})

test('a snapshot that omits a notice takes none away', async () => {
  node = await scriptedNode(async (caller, call) => {
    await caller.next('hello')
    if (call > 0) return caller.say(welcome(), entry(1, keyset), synced(9), entry(10, last))
    caller.say(welcome(), entry(1, keyset), entry(2, first), synced(2), heartbeat())
    await caller.next('ack')
    caller.cut()
  })
  const page = openPage({ url: node.url, roots: clinic.roots })
  const state = await until(page, (s) => headlines(s).includes('the last'))
  expect(headlines(state)).toEqual(['first', 'the last'])
})

test('what comes before welcome ends the session', async () => {
  node = await scriptedNode(async (caller, call) => {
    await caller.next('hello')
    if (call > 0) return caller.say(welcome(), entry(1, keyset), synced(1), entry(99, last))
    caller.say(entry(1, keyset), entry(2, first), synced(2))
  })
  const page = openPage({ url: node.url, roots: clinic.roots })
  expect(headlines(await until(page, (s) => s.notices.length > 0))).toEqual(['the last'])
  expect(node.calls).toBe(2)
})

test.for<[string, object | string]>([
  ['not JSON', '{"type":'],
  ['a heartbeat without a time', heartbeat({ serverTime: 'soon' })],
  ['labels that are no list', { ...welcome(), labels: 'tenant:north' }],
  ['a label that is no text', { ...welcome(), labels: [{}] }],
  ['a reason that is no text', { ...welcome(), auth: { state: 'none', reason: {} } }],
  ['an entry without an envelope', { type: 'entry', seq: 1 }],
])('a bad frame ends the session, and what holds stays: %s', async ([, frame]) => {
  node = await scriptedNode(async (caller, call) => {
    await caller.next('hello')
    if (call > 0) return caller.say(welcome({ resume: 'replay' }), synced(2), entry(99, last))
    caller.say(welcome(), entry(1, keyset), entry(2, first), synced(2), frame)
  })
  const page = openPage({ url: node.url, roots: clinic.roots })
  const state = await until(page, (s) => headlines(s).includes('the last'))
  expect(headlines(state)).toEqual(['first', 'the last'])
})

test('a jump of this clock hides nothing; it marks, and makes stale', async () => {
  node = await scriptedNode(async (caller) => {
    await caller.next('hello')
    caller.say(welcome(), entry(1, keyset), entry(2, first), synced(2), heartbeat())
  })
  const page = openPage({ url: node.url, roots: clinic.roots })
  await until(page, isLive)
  const real = Date.now
  Date.now = () => real() + 86_400_000
  try {
    const { notices, freshness } = page.getState()
    expect(freshness).toMatchObject({ state: 'stale' })
    expect(notices[0]).toMatchObject({ phase: 'active', mayHaveEnded: true })
  } finally {
    Date.now = real
  }
})

test('a replay that would lack what a higher tier sees is not taken', async () => {
  const restricted = { scope: 'Restricted', restriction: 'patients', addresses: ['tenant:north'] }
  const body = await clinic.publish(clinic.alert(restricted, { headline: 'for the north' }))
  const north = { tier: 'restricted', labels: ['tenant:north'] }
  const hellos: unknown[] = []
  node = await scriptedNode(async (caller, call) => {
    hellos.push((await caller.next('hello')).cursor)
    if (call === 0) {
      caller.say(welcome(), entry(1, keyset), synced(2), heartbeat({ cursor: cursor(2) }))
      caller.say({ type: 'bye', reason: 'drain', reconnectAfterMs: [0, 0] })
    }
    if (call === 1) caller.say(welcome({ ...north, resume: 'replay' }), synced(2))
    if (call === 2) caller.say(welcome(north), entry(1, keyset), entry(2, body), synced(2))
  })
  const page = openPage({ url: node.url, roots: clinic.roots })
  await until(page, (s) => headlines(s).includes('for the north'))
  expect(hellos).toEqual([undefined, cursor(2), undefined])
})

test('roots that are not the clinic’s: nothing shows, and nothing is called live', async () => {
  node = await scriptedNode(async (caller) => {
    await caller.next('hello')
    caller.say(welcome(), entry(1, keyset), entry(2, first), synced(2), heartbeat())
  })
  const page = openPage({ url: node.url, roots: eve.pem })
  const state = await until(page, (s) => s.freshness.reason === 'source')
  expect(state).toMatchObject({ notices: [], ready: false, freshness: { state: 'stale' } })
})
