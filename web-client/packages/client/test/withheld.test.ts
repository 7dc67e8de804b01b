// A node, or whoever is in between, that leaves something out: the page says so, and keeps what
// it has. Each node is honest in the end, which shows that the page gets on.

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { State } from '../src/index.js'
import { newClinic, t0 } from './kit/clinic.js'
import { Disk, headlines, isLive, openPage, pass, until } from './kit/device.js'
import { cursor, entry, heartbeat, synced, welcome } from './kit/frames.js'
import { type Caller, type ScriptedNode, scriptedNode } from './kit/node.js'

const clinic = await newClinic()
const keyset = await clinic.keyset(1, {}, [clinic.ana, clinic.ben, clinic.beacon])
const first = await clinic.publish(clinic.alert({}, { headline: 'first' }))
const last = await clinic.publish(clinic.alert({}, { headline: 'the last', severity: 'Minor' }))

let node: ScriptedNode | undefined
beforeEach(() => {
  chance(0.01)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await node?.close()
})

/** Of a wait, and of what is left to chance. */
const chance = (part: number) => vi.spyOn(Math, 'random').mockReturnValue(part)

/** A page of a node with that script, and the cursors of its hellos. */
async function pageOf(script: (caller: Caller, call: number) => void, options: object = {}) {
  const hellos: unknown[] = []
  node = await scriptedNode(async (caller, call) => {
    hellos.push((await caller.next('hello')).cursor)
    script(caller, call)
  })
  const page = openPage({ url: node.url, roots: clinic.roots, ...options })
  const seen: string[] = []
  page.subscribe(() => {
    const { freshness, notices } = page.getState()
    seen.push(`${freshness.state} ${freshness.reason ?? ''} ${notices.length}`)
  })
  return { page, hellos, seen }
}

const head = (seq: number, bodies: string[], seconds = 0) =>
  clinic.head(seq, t0 + 1000 * seconds, bodies)
const at = (seconds: number, change: object) =>
  heartbeat({ serverTime: new Date(t0 + 1000 * seconds).toISOString(), ...change })
/** It tells that what was said before it has been dealt with. */
const mark = (name: string) => ({
  type: 'auth',
  tier: 'restricted',
  labels: [name],
  auth: { state: 'ok' },
})
const isMarked = (name: string) => (s: State) => s.labels?.[0] === name
const isBecause =
  (reason: string) =>
  ({ freshness }: State) =>
    freshness.reason === reason

test('a notice left out of a snapshot: never live, and everything is asked for again', async () => {
  const signed = await head(3, [first, last])
  const { page, hellos, seen } = await pageOf((caller, call) => {
    caller.say(welcome(), entry(1, keyset), entry(2, first), ...(call > 1 ? [entry(3, last)] : []))
    caller.say({ ...synced(3), head: signed })
  })
  await until(page, isBecause('withheld'))
  expect(headlines(page.getState())).toEqual(['first'])
  const state = await until(page, isLive)
  expect(headlines(state)).toEqual(['first', 'the last'])
  expect(hellos).toEqual([undefined, undefined, undefined])
  expect(seen.filter((s) => s.startsWith('live') && !s.endsWith('2'))).toEqual([])
})

test('a notice left out of a replay, or withheld later: not live at once, no cursor kept', async () => {
  const storage = new Disk()
  const [before, after] = [await head(2, [first], 0), await head(3, [first, last], 10)]
  let say: Caller['say'] = () => {}
  const { page, hellos } = await pageOf(
    (caller, call) => {
      say = caller.say
      const rest = call > 0 ? [entry(3, last)] : []
      caller.say(welcome(), entry(1, keyset), entry(2, first), ...rest)
      caller.say({ ...synced(call ? 3 : 2), head: call ? after : before })
    },
    { storage },
  )
  await until(page, isLive)
  expect(storage.text()).toContain(cursor(2))
  say(at(10, { cursor: cursor(3), head: after }))
  const state = await until(page, isBecause('withheld'))
  expect(headlines(state)).toEqual(['first'])
  expect(storage.text()).not.toMatch(/0a1b2c3d:/)
  expect(headlines(await until(page, isLive))).toEqual(['first', 'the last'])
  expect(hellos).toEqual([undefined, undefined])
})

test('heads that are left out: 45 s later it says so, and the session stays', async () => {
  const storage = new Disk()
  let say: Caller['say'] = () => {}
  const { page, hellos } = await pageOf(
    (caller) => {
      say = caller.say
      caller.say(welcome(), entry(1, keyset), entry(2, first), synced(2))
    },
    { storage },
  )
  await until(page, isLive)
  chance(0.9)
  for (const seconds of [10, 20, 30, 40]) {
    pass(10_000)
    say(at(seconds, { cursor: cursor(2) }), mark(`at:${seconds}`))
    expect(isLive(await until(page, isMarked(`at:${seconds}`)))).toBe(true)
  }
  pass(6000)
  expect(page.getState().freshness).toMatchObject({ state: 'stale', reason: 'withheld' })
  expect(Number(page.getState().freshness.since)).toBeLessThanOrEqual(t0 + 45_000)
  say(at(50, { cursor: cursor(2) }), mark('at:50'))
  const state = await until(page, isMarked('at:50'))
  expect(state.freshness).toMatchObject({ state: 'stale', reason: 'withheld' })
  expect(Number(state.freshness.since)).toBeLessThanOrEqual(t0 + 45_000)
  expect(storage.text()).toContain(cursor(2))
  say(at(51, { cursor: cursor(2), head: await head(2, [first], 48) }))
  await until(page, isLive)
  expect(hellos).toHaveLength(1)
})

test('who was seen to withhold is not live by leaving heads out', async () => {
  const [before, after] = [await head(2, [first], 0), await head(3, [first, last], 10)]
  let say: Caller['say'] = () => {}
  chance(0.9)
  const { page, hellos, seen } = await pageOf((caller, call) => {
    say = caller.say
    caller.say(welcome(), entry(1, keyset), entry(2, first))
    caller.say({ ...synced(2), ...(call ? {} : { head: before }) }, mark(`call:${call}`))
  })
  await until(page, isLive)
  say(at(10, { cursor: cursor(3), head: after }))
  await until(page, isBecause('withheld'))
  seen.splice(0)
  const state = await until(page, isMarked('call:1'))
  expect(state.freshness).toMatchObject({ state: 'stale', reason: 'withheld' })
  expect(seen.filter((s) => s.startsWith('live'))).toEqual([])
  say(entry(3, last), at(11, { cursor: cursor(3) }))
  expect(headlines(await until(page, isLive))).toEqual(['first', 'the last'])
  expect(hellos).toEqual([undefined, undefined])
})

test('nor by saying each time that all is well first: it is asked less and less often', async () => {
  const timers = vi.spyOn(globalThis, 'setTimeout')
  let say: Caller['say'] = () => {}
  const { page } = await pageOf((caller, call) => {
    say = caller.say
    caller.say(welcome(), entry(1, keyset), entry(2, first), synced(2), mark(`call:${call}`))
  })
  for (let call = 0; call < 6; call++) {
    await until(page, isMarked(`call:${call}`))
    pass(6000)
    const signed = await head(3, [first, last], 10 * call)
    const well = { cursor: cursor(2), source: { state: 'stale', sinceMs: 0 } }
    say(at(10 * call, well), at(10 * call, { cursor: cursor(3), head: signed }))
  }
  // What is waited for before the sixth call: a hundredth of 16 s. Before each it was one of 1 s.
  const waits = timers.mock.calls.map(([, ms = 0]) => ms)
  expect(waits.some((ms) => ms > 100 && ms <= 160)).toBe(true)
})

test('a node’s clock far from the desk’s hides nothing', async () => {
  const evening = new Date(t0 + 12 * 3_600_000).toISOString()
  const signed = await head(2, [first], 0)
  const { page, seen } = await pageOf((caller) => {
    caller.say(welcome({ serverTime: evening }), entry(1, keyset), entry(2, first))
    caller.say({ ...synced(2), head: signed }, at(12 * 3600, { cursor: cursor(2) }))
    caller.say(entry(3, last))
  })
  const state = await until(page, (s) => headlines(s).includes('the last'))
  expect(headlines(state)).toEqual(['first', 'the last'])
  expect(Number(state.freshness.since)).toBeLessThan(t0 + 60_000)
  expect(seen.filter((s) => s === 'live  0')).toEqual([])
})

test('nor does one that lies only after a head came', async () => {
  const evening = new Date(t0 + 12 * 3_600_000).toISOString()
  const signed = await head(2, [first], 0)
  const { page, seen } = await pageOf((caller, call) => {
    caller.say(welcome(call ? { serverTime: evening, resume: 'replay' } : {}))
    // A sign that it has been read, before there is a head to set it right.
    if (call) return caller.say(mark('lied'))
    caller.say(entry(1, keyset), entry(2, first), { ...synced(2), head: signed })
    caller.say({ type: 'bye', reason: 'drain', reconnectAfterMs: [0, 0] })
  })
  const state = await until(page, isMarked('lied'))
  expect(headlines(state)).toEqual(['first'])
  expect(seen.filter((s) => /^(live|stale) .*0$/.test(s))).toEqual([])
})

test('what was redacted shows on, and costs one snapshot, not one for every page', async () => {
  const storage = new Disk()
  const [before, after] = [await head(3, [first, last], 0), await head(4, [last], 10)]
  const script = (caller: Caller, call: number) => {
    if (call === 0) {
      caller.say(welcome(), entry(1, keyset), entry(2, first), entry(3, last))
      caller.say({ ...synced(3), head: before }, at(10, { cursor: cursor(4), head: after }))
    } else if (call === 1) {
      caller.say(welcome(), entry(1, keyset), entry(3, last), { ...synced(4), head: after })
    } else caller.say(welcome({ resume: 'replay' }), { ...synced(4), head: after })
  }
  const { page, hellos } = await pageOf(script, { storage })
  await until(page, (s) => isLive(s) && hellos.length === 2)
  expect(headlines(page.getState())).toEqual(['first', 'the last'])
  page.stop()
  const again = openPage({ url: node?.url ?? '', roots: clinic.roots, storage })
  expect(headlines(await until(again, isLive))).toEqual(['first', 'the last'])
  expect(hellos).toEqual([undefined, undefined, cursor(4)])
})

test('times to come in storage: a page is live with the first head', async () => {
  pass(t0 - Date.now())
  const storage = new Disk()
  let say: Caller['say'] = () => {}
  const signed = await head(2, [first], 0)
  const { page } = await pageOf(
    (caller, call) => {
      say = caller.say
      caller.say(welcome(), entry(1, keyset), entry(2, first))
      caller.say({ ...synced(2), ...(call ? {} : { head: signed }) })
    },
    { storage },
  )
  await until(page, isLive)
  page.stop()
  const [format, out, nodes] = JSON.parse(storage.getItem('tocsin') as string)
  for (const record of Object.values(nodes) as object[])
    Object.assign(record, { live: 3.9e12, time: 3.9e12 })
  storage.setItem('tocsin', JSON.stringify([format, out, nodes]))
  const again = openPage({ url: node?.url ?? '', roots: clinic.roots, storage })
  await until(again, isLive) // by the node's word
  chance(0.9)
  for (const seconds of [25, 50]) {
    pass(25_000)
    say(at(seconds, { cursor: cursor(2) }), mark(`at:${seconds}`))
    await until(again, isMarked(`at:${seconds}`))
  }
  expect(again.getState().freshness.reason).toBe('withheld')
  say(at(51, { cursor: cursor(2), head: await head(2, [first], 50) }))
  expect(headlines(await until(again, isLive))).toEqual(['first'])
})
