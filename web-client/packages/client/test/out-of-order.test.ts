// A node may send what is signed in any order: the board is the same, and no notice shows as if
// what withdraws it had not come. A session in which something is missing is not believed.

import { afterEach, expect, test } from 'vitest'
import type { ShownNotice, State } from '../src/index.js'
import { newClinic, newKey } from './kit/clinic.js'
import { Disk, headlines, isLive, openPage, until } from './kit/device.js'
import { cursor, entry, heartbeat, synced, welcome } from './kit/frames.js'
import { type Caller, type ScriptedNode, scriptedNode } from './kit/node.js'

const clinic = await newClinic()
const keyset = await clinic.keyset()
const alert = clinic.alert({}, { headline: 'first' })
const info = (alert.info as object[])[0]
const update = clinic.follow('Update', [alert], { info: [{ ...info, headline: 'second' }] })
const cancel = clinic.follow('Cancel', [alert, update])
const first = await clinic.publish(alert)
const second = await clinic.publish(update)
const third = await clinic.publish(cancel)
const last = await clinic.publish(clinic.alert({}, { headline: 'the last', severity: 'Minor' }))

let node: ScriptedNode | undefined
afterEach(() => node?.close())

/** A page of a node with that script. */
async function pageOf(script: (caller: Caller, call: number) => void, options: object = {}) {
  const hellos: unknown[] = []
  node = await scriptedNode(async (caller, call) => {
    hellos.push((await caller.next('hello')).cursor)
    script(caller, call)
  })
  const page = openPage({ url: node.url, roots: clinic.roots, ...options })
  return { page, hellos }
}

const orders = <T>(list: readonly T[]): T[][] =>
  list[1]
    ? list.flatMap((one) => orders(list.filter((x) => x !== one)).map((rest) => [one, ...rest]))
    : [[...list]]
const named = { keyset, Alert: first, Update: second, Cancel: third }
const inAnyOrder = orders(Object.keys(named) as (keyof typeof named)[])

for (const after of [false, true])
  test.for(inAnyOrder)(`${after ? 'live' : 'in a snapshot'}: %s, %s, %s, %s`, async (order) => {
    const { page, hellos } = await pageOf((caller) => {
      const entries = order.map((name, i) => entry(i + 1, named[name]))
      caller.say(welcome(), ...(after ? [] : entries), synced(4))
      caller.say(...(after ? entries : []), heartbeat({ cursor: cursor(4) }))
    })
    const phases = new Set<string | undefined>()
    page.subscribe(() => phases.add(page.getState().notices[0]?.phase))
    const shows = ({ notices: [n] }: State) => `${n?.phase} ${n?.history.length}`
    await until(page, (s) => isLive(s) && shows(s) === 'withdrawn 3')
    const [{ history }] = page.getState().notices as [ShownNotice]
    expect(history.map((n) => n.msgType)).toEqual(['Alert', 'Update', 'Cancel'])
    expect(headlines(page.getState())).toEqual(['second'])
    expect(hellos).toHaveLength(1)
    if (!after || order.indexOf('Cancel') < order.indexOf('Alert'))
      expect(phases).not.toContain('active')
  })

test('other tabs never see an Alert without the Cancel that came before it', async () => {
  const storage = new Disk()
  const other = await pageOf((caller) => caller.say(welcome(), entry(1, keyset), synced(1)), {
    storage,
  })
  const listening = node
  await until(other.page, isLive)
  const phases: unknown[] = []
  other.page.subscribe(() => phases.push(other.page.getState().notices[0]?.phase))
  await pageOf((caller) => {
    caller.say(welcome(), entry(1, keyset), synced(1), entry(4, third), entry(3, second))
    caller.say(entry(2, first))
  })
  await until(other.page, (s) => s.notices[0]?.phase === 'withdrawn')
  expect(phases).not.toContain('active')
  await listening?.close()
})

test('as long as something is missing, it is not live; it is not lost when it comes', async () => {
  let say: Caller['say'] = () => {}
  const { page, hellos } = await pageOf((caller) => {
    say = caller.say
    caller.say(welcome(), entry(1, keyset), synced(1))
  })
  await until(page, isLive)
  say(entry(3, second))
  await until(page, (s) => s.freshness.state === 'stale' && s.freshness.reason === 'source')
  say(entry(2, first))
  expect(headlines(await until(page, isLive))).toEqual(['second'])
  expect(hellos).toHaveLength(1)
})

test('what is missing for good: the cursor goes, everything is asked for, what holds stays', async () => {
  const storage = new Disk()
  const { page, hellos } = await pageOf(
    (caller, call) => {
      if (call > 2) return caller.say(welcome(), entry(1, keyset), entry(2, last), synced(2))
      caller.say(welcome({ resume: call ? 'snapshot' : 'replay' }), entry(1, keyset))
      caller.say(
        entry(2, first),
        entry(3, call === 0 ? first : third.replace('"sig":"', '"sig":"A')),
      )
      caller.say(synced(3), heartbeat({ cursor: cursor(4) }))
      if (call === 0) caller.say({ type: 'bye', reason: 'drain', reconnectAfterMs: [0, 0] })
    },
    { storage },
  )
  const states: string[] = []
  page.subscribe(() => {
    const { freshness, notices } = page.getState()
    if (hellos.length === 2 || hellos.length === 3)
      states.push(
        `${freshness.state} ${freshness.reason} ${notices.length} ${storage.text().includes(cursor(3))}`,
      )
  })
  const state = await until(page, (s) => isLive(s) && headlines(s).includes('the last'))
  expect(headlines(state)).toEqual(['first', 'the last'])
  expect(hellos).toEqual([undefined, cursor(4), undefined, undefined])
  expect(states).toContain('stale source 1 false')
  expect(states.filter((s) => s.startsWith('live'))).toEqual([])
})

test('who sends no end of what is refused is left', async () => {
  const { page, hellos } = await pageOf((caller, call) => {
    caller.say(welcome(), entry(1, keyset), synced(1))
    if (call) return caller.say(entry(2, last))
    for (let i = 0; i < 300; i++) caller.say(entry(i + 2, second))
  })
  await until(page, (s) => s.notices.length > 0)
  expect(hellos).toEqual([undefined, undefined])
})

test('a node with an older keyset than is known here: it lags, and does not lie', async () => {
  const newer = await clinic.keyset(2, {}, [clinic.ana, await newKey('cara', 'approver')])
  const seed = JSON.stringify({
    serverTime: welcome().serverTime,
    entries: [{ seq: 5, envelope: JSON.parse(newer) }],
  })
  let say: Caller['say'] = () => {}
  const { page, hellos } = await pageOf(
    (caller) => {
      say = caller.say
      // What ben signed is void under the newer keyset, which this node has yet to read.
      caller.say(welcome(), entry(1, keyset), entry(2, first), synced(2))
      caller.say(
        heartbeat({ cursor: cursor(2) }),
        entry(3, second),
        heartbeat({ cursor: cursor(3) }),
      )
      caller.say({ type: 'auth', tier: 'restricted', labels: ['tenant:x'], auth: { state: 'ok' } })
    },
    { seed },
  )
  const behind = await until(page, (s) => s.tier === 'restricted')
  expect(behind.labels).toEqual(['tenant:x'])
  expect(behind.freshness).toMatchObject({ state: 'stale', reason: 'source' })
  say(entry(5, newer), heartbeat({ cursor: cursor(5) }))
  expect(headlines(await until(page, isLive))).toEqual([])
  // A key that comes back brings back what was sent before.
  say(entry(6, await clinic.keyset(3)))
  expect(headlines(await until(page, (s) => s.notices.length > 0))).toEqual(['second'])
  expect(isLive(page.getState())).toBe(true)
  expect(hellos).toHaveLength(1)
})

test('a replay, which has no keyset, is live', async () => {
  const storage = new Disk()
  const { page, hellos } = await pageOf(
    (caller, call) => {
      if (call) caller.say(welcome({ resume: 'replay' }), entry(3, second), synced(3))
      else caller.say(welcome(), entry(1, keyset), entry(2, first), synced(2))
    },
    { storage },
  )
  await until(page, isLive)
  page.stop()
  const again = openPage({ url: node?.url ?? '', roots: clinic.roots, storage })
  expect(headlines(await until(again, isLive))).toEqual(['second'])
  expect(hellos).toEqual([undefined, cursor(2)])
})
