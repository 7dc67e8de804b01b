// What stays on a device, and what other tabs learn of each other.

import { afterEach, expect, test } from 'vitest'
import { openMemory } from '../src/memory.js'
import { newClinic } from './kit/clinic.js'
import { Disk, headlines, isLive, openPage, until } from './kit/device.js'
import { cursor, entry, heartbeat, synced, welcome } from './kit/frames.js'
import { type ScriptedNode, scriptedNode } from './kit/node.js'

const clinic = await newClinic()
const keyset = await clinic.keyset()
const restricted = { scope: 'Restricted', restriction: 'patients', addresses: ['tenant:north'] }
const everyone = await clinic.publish(clinic.alert({}, { headline: 'for everyone' }))
const ours = await clinic.publish(clinic.alert(restricted, { headline: 'for the north' }))
const mine = await clinic.publish(
  clinic.alert({ ...restricted, scope: 'Private' }, { headline: 'for me' }),
)
const terms = { tier: 'private', labels: ['tenant:north'], ticket: 'ticket-1' }

const nodes: ScriptedNode[] = []
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close()
})

/** A node that gives all to who says hello with a token or a ticket, and notes hellos. */
async function generous(...bodies: string[]) {
  const hellos: Record<string, unknown>[] = []
  const node = await scriptedNode(async (caller) => {
    const hello = await caller.next('hello')
    hellos.push(hello)
    const known = hello.ticket || (hello.tokens as string[])?.length
    const entries = known ? bodies : [everyone]
    caller.say(welcome(known ? terms : {}), entry(1, keyset))
    caller.say(...entries.map((body, i) => entry(i + 2, body)), synced(9), heartbeat())
  })
  nodes.push(node)
  return { ...node, url: node.url, hellos }
}

/** An address at which nobody answers. */
async function nowhere() {
  const node = await scriptedNode(() => {})
  await node.close()
  return node.url
}

const at = async (url: string, storage: Disk) =>
  openPage({ url, roots: clinic.roots, storage, getToken: () => null })

test('after a reload without network, all but what is private is there', async () => {
  const storage = new Disk()
  const { url, hellos } = await generous(everyone, ours, mine)
  const page = openPage({ url, roots: clinic.roots, storage, getToken: () => 'a.b.c' })
  const all = await until(page, isLive)
  expect(headlines(all)).toHaveLength(3)
  page.stop()
  await Promise.all(nodes.splice(0).map((node) => node.close()))
  const reloaded = await at(url, storage)
  const state = await until(reloaded, (s) => s.freshness.reason === 'cache')
  expect(headlines(state).sort()).toEqual(['for everyone', 'for the north'])
  expect(state).toMatchObject({ ready: true, freshness: { state: 'stale' } })
  expect(state.freshness.since).toBeInstanceOf(Date)
  expect(hellos).toHaveLength(1)
})

test('a cursor is kept only with all that it covers', async () => {
  for (const [bodies, want] of [
    [[everyone, ours], cursor(9)],
    [[everyone, ours, mine], undefined],
  ] as const) {
    const storage = new Disk()
    const { url, hellos } = await generous(...bodies)
    const page = openPage({ url, roots: clinic.roots, storage, getToken: () => 'a.b.c' })
    await until(page, isLive)
    page.stop()
    await until(await at(url, storage), isLive)
    expect(hellos[1]).toMatchObject({ ticket: 'ticket-1' })
    expect(hellos[1]?.cursor).toBe(want)
  }
})

test('what was kept is verified again', async () => {
  const storage = new Disk()
  const { url } = await generous(everyone)
  const page = await at(url, storage)
  await until(page, isLive)
  page.stop()
  const evil = Buffer.from(JSON.stringify({ ...clinic.alert(), identifier: 'x' })).toString(
    'base64',
  )
  for (const [name, value] of storage.items)
    storage.items.set(name, value.replaceAll(/"payload":"eyJpZGVu[^"]*"/g, `"payload":"${evil}"`))
  const reloaded = await at(await nowhere(), storage)
  expect(headlines(await until(reloaded, (s) => s.freshness.state === 'stale'))).toEqual([])
})

test.for(['', '{', 'null', '[1]', '["",{"held":[1,{}]}]', '["",{"held":{}}]'])(
  'a record of rubbish is none: %s',
  async (rubbish) => {
    const storage = new Disk()
    const { url } = await generous(everyone)
    storage.setItem('tocsin', rubbish)
    expect(headlines(await until(await at(url, storage), isLive))).toEqual(['for everyone'])
  },
)

test('a full or forbidden storage does no harm', async () => {
  const full = new Disk()
  full.full = true
  for (const storage of [full, null]) {
    const { url } = await generous(everyone)
    const page = openPage({ url, roots: clinic.roots, storage })
    expect(headlines(await until(page, isLive))).toEqual(['for everyone'])
    await page.signOut()
    expect(headlines(await until(page, isLive))).toEqual(['for everyone'])
  }
})

test('a tab that slept through a sign-out shows nothing of before when it wakes', async () => {
  const storage = new Disk()
  const { url } = await generous(everyone, ours, mine)
  const sleeper = openPage({ url, roots: clinic.roots, storage, getToken: () => 'a.b.c' })
  await until(sleeper, isLive)
  // No event reaches it: all that is left of the sign-out is its name.
  const stale = storage.getItem('tocsin') as string
  storage.setItem('tocsin:out', 'another')
  await until(sleeper, (s) => s.notices.length === 1)
  expect(headlines(sleeper.getState())).toEqual(['for everyone'])
  await until(sleeper, isLive)
  expect(storage.text()).not.toContain('ticket-1')

  // A record that such a tab wrote a moment too late is not believed either.
  sleeper.stop()
  storage.setItem('tocsin', stale)
  const next = await at(await nowhere(), storage)
  expect(headlines(await until(next, (s) => s.freshness.state === 'stale'))).toEqual([])
  expect(storage.text()).not.toContain('ticket-1')
})

test('a sign-out after stop reaches this page, its storage and the other tabs', async () => {
  const { url } = await generous(everyone, ours, mine)
  const options = { url, roots: clinic.roots, getToken: () => 'a.b.c' }
  const storage = new Disk()
  const page = openPage({ ...options, storage })
  const other = openPage({ ...options, storage: null })
  await until(page, isLive)
  await until(other, isLive)
  page.stop()
  await page.signOut()
  expect(headlines(page.getState())).toEqual(['for everyone'])
  expect(storage.text()).not.toContain('ticket-1')
  expect(headlines(await until(other, (s) => s.notices.length === 1))).toEqual(['for everyone'])
})

test('a tab that was frozen does not sign out who came after those whom it hears of', async () => {
  const { url } = await generous(everyone, ours)
  const storage = new Disk()
  const page = openPage({ url, roots: clinic.roots, storage, getToken: () => 'a.b.c' })
  await until(page, isLive)
  const told: string[] = []
  const ear = new BroadcastChannel('tocsin')
  const heard = new Promise<void>((done) => {
    ear.onmessage = ({ data }) => typeof data === 'string' && told.push(data) === 2 && done()
  })
  await page.signOut()
  await page.signOut()
  await heard
  page.tokensChanged()
  page.stop()
  page.start()
  await until(page, (s) => isLive(s) && s.tier === 'private')
  // As from a tab that hears only now, and of the first first.
  for (const out of told) ear.postMessage(out)
  const late = await clinic.publish(clinic.alert({}, { headline: 'late' }))
  ear.postMessage({ seq: 20, body: JSON.parse(late) })
  ear.close()
  const state = await until(page, (s) => headlines(s).includes('late'))
  expect(headlines(state)).toContain('for the north')
  expect(storage.getItem('tocsin:out')).toBe(told[1])
  expect(storage.text()).toContain('ticket-1')
})

test('a tab that has yet to notice a sign-out does not overwrite the next one’s record', () => {
  const storage = new Disk()
  const sleeper = openMemory(storage, 'ws://node.example')
  const awake = openMemory(storage, 'ws://node.example')
  awake.clear(awake.newSignOut())
  awake.save({ ticket: 'ticket-2' })
  sleeper.save({ ticket: 'ticket-1' })
  expect(storage.text()).toContain('ticket-2')
  expect(storage.text()).not.toContain('ticket-1')
})

test('a public notice reaches the tabs whose own connection is down', async () => {
  const { url } = await generous(everyone, ours)
  const live = openPage({ url, roots: clinic.roots, getToken: () => 'a.b.c' })
  let once = true
  const Real = WebSocket
  globalThis.WebSocket = class extends Real {
    constructor(address: string, protocol: string) {
      super(once ? 'ws://127.0.0.1:9/v1/connect' : address, protocol)
    }
  } as typeof WebSocket
  try {
    const cut = openPage({ url, roots: clinic.roots })
    expect(headlines(await until(cut, (s) => s.notices.length > 0))).toEqual(['for everyone'])
    expect(headlines(await until(live, isLive))).toContain('for the north')
    expect(cut.getState().freshness.state).not.toBe('live')
  } finally {
    once = false
    globalThis.WebSocket = Real
  }
})

test('an address of this device alone: other surfaces and languages do not show it', async () => {
  const call = await clinic.publish(clinic.alert({ addresses: ['surface:call'] }))
  const spanish = await clinic.publish(clinic.alert({ addresses: ['lang:es'] }, { headline: 'es' }))
  const { url, hellos } = await generous(everyone, call, spanish)
  const page = openPage({
    url,
    roots: clinic.roots,
    surface: 'portal',
    languages: ['es-MX', 'en'],
    getToken: () => 'a.b.c',
  })
  expect(headlines(await until(page, isLive)).sort()).toEqual(['es', 'for everyone'])
  expect(hellos[0]?.labels).toEqual(['surface:portal', 'lang:es-MX', 'lang:es', 'lang:en'])
})
