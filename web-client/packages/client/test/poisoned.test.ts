// What somebody else left under the names that Tocsin keeps things by: another version, another
// program of this origin, or whoever had this computer before. It keeps nobody's notices, and
// no page from starting.

import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { openMemory } from '../src/memory.js'
import { newClinic } from './kit/clinic.js'
import { Disk, headlines, isLive, openPage, until } from './kit/device.js'
import { cursor, entry, heartbeat, synced, welcome } from './kit/frames.js'
import { type ScriptedNode, scriptedNode } from './kit/node.js'

const clinic = await newClinic()
const keyset = await clinic.keyset()
const north = { scope: 'Restricted', restriction: 'patients', addresses: ['tenant:north'] }
const everyone = await clinic.publish(clinic.alert({}, { headline: 'for everyone' }))
const ours = await clinic.publish(clinic.alert(north, { headline: 'for the north' }))

let node: ScriptedNode | undefined
afterEach(() => node?.close())

const markers = [
  'Infinity',
  '-Infinity',
  '1e400',
  '9007199254740993',
  '8640000000000001',
  `${Date.now() + 30 * 864e5}`,
  'NaN',
  'null',
  '',
  '0x7fffffffffffffff',
]

test.for(markers)('a poisoned sign-out keeps nobody’s record: %s', (poison) => {
  const at = 'ws://node.example'
  const storage = new Disk()
  storage.setItem('tocsin:out', poison)
  for (let who = 1; who < 5; who++) {
    const tab = openMemory(storage, at)
    const idle = openMemory(storage, at)
    const own = openMemory(null, at) // it has but the channel to learn from
    tab.save({ ticket: `ticket-${who}`, held: [{ seq: 1, body: 'for the north' }] })
    expect(storage.text()).toContain(`ticket-${who}`)
    if (who % 2) storage.setItem('tocsin:out', poison) // again, by devtools, while it is open
    expect(own.isNews(poison)).toBe(false)
    const out = tab.newSignOut()
    expect(own.isNews(out)).toBe(true)
    tab.clear(out)
    own.clear(out)
    expect(storage.text()).not.toContain(`ticket-${who}`)
    expect(storage.text()).not.toContain('north')
    expect(idle.missed()).toBe(out)
    expect(openMemory(storage, at).load()).toEqual({ held: [], live: 0, time: 0 })
    expect(own.isNews(tab.newSignOut())).toBe(true)
  }
})

test.for(markers)('a poisoned sign-out leaves nothing on a page either: %s', async (poison) => {
  const terms = { tier: 'restricted', labels: ['tenant:north'], ticket: 'ticket-1' }
  node = await scriptedNode(async (caller) => {
    const { ticket, tokens } = await caller.next('hello')
    const known = ticket || (tokens as string[])[0]
    caller.say(welcome(known ? terms : {}), entry(1, keyset), entry(2, everyone))
    caller.say(...(known ? [entry(3, ours)] : []), synced(3))
  })
  const { url } = node
  const storage = new Disk()
  storage.setItem('tocsin:out', poison)
  const page = openPage({ url, roots: clinic.roots, storage, getToken: () => 'a.b.c' })
  const other = openPage({ url, roots: clinic.roots, storage, getToken: () => 'a.b.c' })
  await until(page, (s) => isLive(s) && s.notices.length === 2)
  await until(other, (s) => isLive(s) && s.notices.length === 2)
  const ear = new BroadcastChannel('tocsin')
  ear.postMessage(poison)
  ear.close()
  await page.signOut()
  expect(headlines(await until(other, (s) => s.notices.length === 1))).toEqual(['for everyone'])
  expect(headlines(page.getState())).toEqual(['for everyone'])
  expect(storage.text()).not.toContain('ticket-1')
  page.stop()
  other.stop()
  const next = openPage({ url, roots: clinic.roots, storage })
  expect(headlines(await until(next, isLive))).toEqual(['for everyone'])
  await next.signOut()
})

test.for(['{"a":1}', '5', 'true', 'null', '"x"', '[2]', '[2,"",null]', '[2,"",[[]]]', '[3,"",{}]'])(
  'a foreign record is none: %s',
  (record) => {
    const storage = new Disk()
    storage.setItem('tocsin', record)
    const memory = openMemory(storage, 'ws://node.example')
    memory.save({ ticket: 'ticket-1' })
    expect(openMemory(storage, 'ws://node.example').load().ticket).toBe('ticket-1')
  },
)

const at = 'ws://node.example'
const json = fc.jsonValue({ maxDepth: 4 })
const good = {
  ticket: 'ticket-1',
  cursor: cursor(3),
  reach: { tier: 'restricted', labels: ['tenant:north'], version: 1 },
  held: [{ seq: 1, body: JSON.parse(keyset) }],
  live: 1000,
  time: 2000,
}
/** A good record but for one member, or one within. */
const odd = fc
  .tuple(
    fc.constantFrom('ticket', 'cursor', 'reach', 'held', 'live', 'time', 'reach.tier', 'held.0'),
    json,
  )
  .map(([path, value]) => {
    const record = structuredClone(good) as Record<string, unknown>
    const [name = '', inner] = path.split('.')
    if (inner) (record[name] as Record<string, unknown>)[inner] = value
    else record[name] = value
    return record
  })
const numbers = fc.constantFrom(1e308, 8.64e15, 8.64e15 + 1, 4e12, -1, 0.5, '5', [])
const oddTime = fc
  .tuple(fc.constantFrom('live', 'time'), numbers)
  .map(([name, value]) => ({ ...good, [name]: value }))

test('whatever a record holds, what is read from it can be used', () => {
  const forms = fc.oneof(json, odd, oddTime)
  fc.assert(
    fc.property(forms, json, fc.boolean(), (record, around, alone) => {
      const storage = new Disk()
      const whole = alone ? record : { ...(around as object), [at]: record }
      storage.setItem('tocsin', JSON.stringify([2, '', whole]))
      const { held, live, time, ticket = 'T', cursor: to, reach } = openMemory(storage, at).load()
      expect(Array.isArray(held)).toBe(true)
      for (const date of [live, time]) new Date(date).toISOString()
      expect(ticket).toMatch(/^[\w-]{0,6000}$/)
      if (to) expect(to).toMatch(/^[\da-f]{8}:\d+:[\da-f]{8}$/)
      if (reach)
        expect([...reach.labels, reach.tier].every((x) => typeof x === 'string')).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('whatever a record holds, the page starts, and is live', async () => {
  node = await scriptedNode(async (caller) => {
    const { ticket, cursor: from } = await caller.next('hello')
    // As nodes do: who says what they can't read is sent away.
    if (ticket && typeof ticket !== 'string') return caller.cut()
    caller.say(welcome({ resume: from ? 'replay' : 'snapshot' }), entry(1, keyset))
    caller.say(entry(2, everyone), synced(3), heartbeat())
  })
  const { url } = node
  const here = `${url.replace('http', 'ws')}/v1/connect`
  await fc.assert(
    fc.asyncProperty(fc.oneof(json, odd, oddTime), fc.boolean(), async (record, named) => {
      const storage = new Disk()
      const all = named ? JSON.stringify([2, '', { [here]: record }]) : JSON.stringify(record)
      storage.setItem('tocsin', all)
      const page = openPage({ url, roots: clinic.roots, storage })
      const state = await until(page, (s) => isLive(s) && s.notices.length > 0)
      state.freshness.since?.toISOString()
      page.stop()
    }),
    { numRuns: 60 },
  )
})
