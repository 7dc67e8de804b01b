// What a node that lies, or whose clock is wrong, leaves behind: nothing that keeps the client
// from the next node, and nothing lost that the cursor covers.

import { afterEach, expect, test } from 'vitest'
import { newClinic, t0 } from './kit/clinic.js'
import { Disk, headlines, isLive, openPage, until } from './kit/device.js'
import { cursor, entry, heartbeat, synced, welcome } from './kit/frames.js'
import { type ScriptedNode, scriptedNode } from './kit/node.js'

const clinic = await newClinic()
const keyset = await clinic.keyset()
const first = await clinic.publish(clinic.alert({}, { headline: 'first' }))
const last = await clinic.publish(clinic.alert({}, { headline: 'the last', severity: 'Minor' }))

let node: ScriptedNode | undefined
const realNow = Date.now
afterEach(async () => {
  Date.now = realNow
  await node?.close()
})

test('what a wrong clock hides is kept, and shows again with the right one', async () => {
  const fast = { serverTime: new Date(t0 + 86_400_000).toISOString() }
  const ahead = t0 - realNow()
  Date.now = () => realNow() + ahead
  const hellos: unknown[] = []
  node = await scriptedNode(async (caller, call) => {
    hellos.push((await caller.next('hello')).cursor)
    if (call > 0) return caller.say(welcome({ resume: 'replay' }), synced(2))
    caller.say(welcome(), entry(1, keyset), entry(2, first), synced(2))
    caller.say(heartbeat({ cursor: cursor(2), ...fast }))
  })
  const storage = new Disk()
  const page = openPage({ url: node.url, roots: clinic.roots, storage })
  await until(page, (s) => s.ready && s.notices.length === 0)
  page.stop()
  const reloaded = openPage({ url: node.url, roots: clinic.roots, storage })
  const state = await until(reloaded, isLive)
  expect(headlines(state)).toEqual(['first'])
  expect(hellos).toEqual([undefined, cursor(2)])
  expect(Number(state.freshness.since)).toBeLessThan(t0 + 3_600_000)
})

test('what was spoilt in storage is asked for again', async () => {
  const hellos: unknown[] = []
  node = await scriptedNode(async (caller) => {
    const hello = await caller.next('hello')
    hellos.push(hello.cursor)
    const all = [entry(1, keyset), entry(2, first)]
    const answer = welcome({ resume: hello.cursor ? 'replay' : 'snapshot' })
    caller.say(answer, ...(hello.cursor ? [] : all), synced(2))
  })
  const storage = new Disk()
  const page = openPage({ url: node.url, roots: clinic.roots, storage })
  await until(page, isLive)
  page.stop()
  const record = storage.getItem('tocsin') as string
  const [payload] = JSON.parse(first).payload.match(/.{40}/) as [string]
  storage.setItem('tocsin', record.replace(payload, payload.toLowerCase()))
  const reloaded = openPage({ url: node.url, roots: clinic.roots, storage })
  expect(headlines(await until(reloaded, isLive))).toEqual(['first'])
  expect(hellos).toEqual([undefined, undefined])
})

test.for([
  ['a ticket that is no text', { ticket: { a: 1 } }],
  ['a ticket longer than a hello', { ticket: 'T'.repeat(20_000) }],
  ['a ticket that no JSON holds', { ticket: 'T\ud800' }],
  ['no ticket', {}],
] as const)('the next hello holds nothing that nodes refuse: %s', async ([, bad]) => {
  const hellos: Record<string, unknown>[] = []
  node = await scriptedNode(async (caller, call) => {
    hellos.push(await caller.next('hello'))
    caller.say(welcome(call === 0 ? bad : { ticket: 'T1' }), entry(1, keyset), synced(1))
    if (call < 2) caller.cut()
    else caller.say(entry(99, last))
  })
  const page = openPage({ url: node.url, roots: clinic.roots })
  await until(page, (s) => s.notices.length > 0)
  expect(hellos.map((h) => h.ticket)).toEqual([undefined, undefined, 'T1'])
})

test.for([
  ['a list', [cursor(1)]],
  ['too long', `0a1b2c3d:${'1'.repeat(20_000)}:89abcdef`],
])('a cursor that nodes refuse is none: %s', async ([, bad]) => {
  const hellos: Record<string, unknown>[] = []
  node = await scriptedNode(async (caller, call) => {
    hellos.push(await caller.next('hello'))
    caller.say(welcome(), entry(1, keyset), call ? synced(1) : { ...synced(), cursor: bad })
    if (call) caller.say(entry(99, last))
  })
  const page = openPage({ url: node.url, roots: clinic.roots })
  await until(page, (s) => s.notices.length > 0)
  expect(hellos[1]).not.toHaveProperty('cursor')
})

test('tokens that fill a hello leave the ticket out', async () => {
  const hellos: Record<string, unknown>[] = []
  node = await scriptedNode(async (caller, call) => {
    hellos.push(await caller.next('hello'))
    caller.say(welcome({ ticket: 'T'.repeat(5000) }), entry(1, keyset), synced(1))
    if (call) caller.say(entry(99, last))
    else caller.cut()
  })
  const getToken = () => 'a'.repeat(12_000)
  const page = openPage({ url: node.url, roots: clinic.roots, getToken })
  await until(page, (s) => s.notices.length > 0)
  expect(JSON.stringify(hellos[1]).length).toBeLessThan(16 << 10)
  expect(hellos[1]).toMatchObject({ tokens: [getToken()] })
})

test('how long a source was not live is a number', async () => {
  node = await scriptedNode(async (caller, call) => {
    await caller.next('hello')
    caller.say(welcome(), entry(1, keyset), synced(1))
    const source = { state: 'stale', sinceMs: call ? 1000 : 'long' }
    caller.say(heartbeat({ source, serverTime: new Date(t0).toISOString() }))
  })
  const page = openPage({ url: node.url, roots: clinic.roots })
  const { freshness } = await until(page, (s) => s.freshness.reason === 'source')
  expect(Number(freshness.since)).toBeGreaterThan(t0 - 1)
  expect(node.calls).toBe(2)
})

test('frames that come faster than they can be read end the session', async () => {
  const heap = ' '.repeat(1 << 20)
  node = await scriptedNode(async (caller, call) => {
    await caller.next('hello')
    if (call) return caller.say(welcome(), entry(1, keyset), synced(1), entry(99, last))
    caller.say(welcome())
    const flood = entry(2, first).replace('{', `{${heap}`)
    for (let i = 0; i < 70; i++) caller.say(flood)
  })
  const page = openPage({ url: node.url, roots: clinic.roots })
  expect(headlines(await until(page, (s) => s.notices.length > 0))).toEqual(['the last'])
})
