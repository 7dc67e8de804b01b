// What the page gives and what the device holds may be bad: that ends in a state that says so.

import { afterEach, expect, test, vi } from 'vitest'
import { newClinic, newKey } from './kit/clinic.js'
import { Disk, headlines, isLive, openPage, until } from './kit/device.js'
import { cursor, entry, synced, welcome } from './kit/frames.js'
import { type ScriptedNode, scriptedNode } from './kit/node.js'

const clinic = await newClinic()
const keyset = await clinic.keyset()
const first = await clinic.publish(clinic.alert({}, { headline: 'first' }))

const nodes: ScriptedNode[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const node of nodes.splice(0)) await node.close()
})

/** A node with one notice, and what was said to it. */
async function simple() {
  const hellos: Record<string, unknown>[] = []
  const node = await scriptedNode(async (caller) => {
    hellos.push(await caller.next('hello'))
    caller.say(welcome({ ticket: `T${nodes.indexOf(node)}` }), entry(1, keyset), entry(2, first))
    caller.say(synced(2))
  })
  nodes.push(node)
  return { node, url: node.url, hellos }
}

test.for([
  ['no roots', ''],
  ['roots that are no PEM', 'roots'],
  [
    'a root that is no key',
    (await newKey('x', 'root')).pem.replace(/AyEA.{43}/, `AyEA${'A'.repeat(43)}`),
  ],
] as const)('%s: nothing can be verified, which is said and not tried again', async ([, roots]) => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { node, url, hellos } = await simple()
  const page = openPage({ url, roots })
  const state = await until(page, (s) => s.freshness.state === 'stale')
  expect(state).toMatchObject({ ready: false, freshness: { reason: 'source', since: null } })
  expect(said).toHaveBeenCalledOnce()
  expect(hellos).toEqual([])
  expect(node.calls).toBeLessThan(2)
})

test('a url that is none', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const page = openPage({ url: 'nowhere', roots: clinic.roots })
  await until(page, (s) => s.freshness.reason === 'source')
})

test.for([
  'seed',
  'null',
  '{"serverTime":"soon"}',
  '{"serverTime":7,"entries":[null]}',
  '{"serverTime":"2026-11-22T10:00:00Z","entries":{}}',
])('a seed that is none is done without: %s', async (seed) => {
  const { url } = await simple()
  const page = openPage({ url, roots: clinic.roots, seed })
  expect(headlines(await until(page, isLive))).toEqual(['first'])
})

test.for([
  'x',
  'null',
  '5',
  '{}',
  '[]',
  '[2]',
  '[2,"",5]',
  '["",{"ticket":"OLD","cursor":"0a1b2c3d:9:89abcdef","held":[],"live":1,"time":1}]',
  '[1,"",{"node":{"ticket":"OLD","held":[],"live":1,"time":1}}]',
])('a record of another format is none: %s', async (record) => {
  const { url, hellos } = await simple()
  const storage = new Disk()
  storage.setItem('tocsin', record)
  const page = openPage({ url, roots: clinic.roots, storage })
  expect(headlines(await until(page, isLive))).toEqual(['first'])
  expect(hellos[0]).not.toHaveProperty('ticket')
  expect(hellos[0]).not.toHaveProperty('cursor')
  expect(storage.text()).not.toContain('OLD')
})

test('what one node said is not told to another; a sign-out is of all', async () => {
  const storage = new Disk()
  const [one, two] = [await simple(), await simple()]
  for (const { url } of [one, two, one]) {
    const page = openPage({ url, roots: clinic.roots, storage })
    await until(page, isLive)
    page.stop()
  }
  expect(two.hellos[0]).not.toHaveProperty('ticket')
  expect(two.hellos[0]).not.toHaveProperty('cursor')
  expect(one.hellos[1]).toMatchObject({ ticket: 'T0', cursor: cursor(2) })
  expect(storage.text()).toContain('T1')
  const page = openPage({ url: one.url, roots: clinic.roots, storage })
  await page.signOut()
  expect(storage.text()).not.toContain('T1')
  await until(page, isLive)
})

test('who stopped is not offline', async () => {
  const { url } = await simple()
  const page = openPage({ url, roots: clinic.roots })
  await until(page, isLive)
  page.stop()
  const { freshness } = page.getState()
  expect(freshness).toMatchObject({ state: 'stale' })
  expect(freshness.reason).not.toBe('offline')
})
