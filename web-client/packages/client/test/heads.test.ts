// What heads tell of a node, and what they don't. Time is this test's own.

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Source } from '../src/frames.js'
import { newStanding, type Standing } from '../src/standing.js'
import { openVerifier, type Verifier } from '../src/verifier.js'
import { cap, newClinic, newKey, t0 } from './kit/clinic.js'
import { cursor } from './kit/frames.js'

const clinic = await newClinic()
const desk2 = await newKey('desk-2', 'beacon')
const staff = [clinic.ana, clinic.ben, clinic.beacon, desk2]
const keyset = await clinic.keyset(1, {}, staff)
const alert = clinic.alert({}, { headline: 'first' })
const first = await clinic.publish(alert)
const last = await clinic.publish(clinic.alert({}, { headline: 'the last' }))
const minute = 60_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: t0 })
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})
const pass = (ms: number) => vi.advanceTimersByTime(ms)

interface Watched {
  readonly verifier: Verifier
  /** The session. */
  by: Standing
  /** What the node says of itself; absent from synced. */
  source: Source | undefined
  /** Hears a head, or none, at a cursor; tells whether what shows is vouched for. */
  hear(
    head?: unknown,
    seq?: number,
    now?: number,
    epoch?: string,
  ): Promise<'fits' | 'none' | 'withheld'>
  /** The node sends entries. */
  send(...entries: readonly (readonly [seq: number, body: string])[]): Promise<void>
}

/** A session that was sent the keyset and a notice, at 1 and 2. */
async function watch(live = 0, bodies = [keyset, first]): Promise<Watched> {
  const verifier = await openVerifier(clinic.roots, false)
  await verifier.restore({ held: [], live, time: 0 })
  const watched: Watched = {
    verifier,
    by: newStanding(),
    source: { state: 'live', sinceMs: 0 },
    async hear(head, seq = 2, now = Date.now(), epoch = '0a1b2c3d') {
      const to = seq ? { cursor: cursor(seq, epoch) } : {}
      await verifier.hear({ head, ...to, source: watched.source }, watched.by, now)
      if (watched.by.lie) return 'withheld'
      return verifier.doubt(now) ? 'none' : 'fits'
    },
    async send(...entries) {
      await verifier.fold(
        entries.map(([seq, body]) => ({ seq, body })),
        watched.by,
      )
    },
  }
  await watched.send(...bodies.map((body, i) => [i + 1, body] as const))
  return watched
}

/** A watch for which the node's word is good no more. */
async function late(bodies?: string[]): Promise<Watched> {
  const watched = await watch(0, bodies)
  pass(minute)
  expect(await watched.hear()).toBe('none')
  return watched
}

const head = (seq = 2, bodies = [first], change: object = {}, signer = clinic.beacon) =>
  clinic.head(seq, Date.now(), bodies, change, signer)

test('a node’s word is good for 45 s, and then what desks sign', async () => {
  const { hear } = await watch()
  pass(44_000)
  expect(await hear()).toBe('fits')
  pass(2000)
  expect(await hear()).toBe('none')
  expect(await hear(await head())).toBe('fits')
  for (let i = 0; i < 10; i++) {
    pass(10_000)
    expect(await hear(await head())).toBe('fits')
  }
  pass(44_000)
  expect(await hear()).toBe('fits')
  pass(2000)
  expect(await hear()).toBe('none')
})

test('a keyset without a beacon that is valid: the node’s word', async () => {
  const { hear } = await watch(0, [await clinic.keyset(), first])
  pass(10 * minute)
  expect(await hear()).toBe('fits')
  const end = t0 + 5 * minute
  const brief = JSON.parse(atob(JSON.parse(keyset).payload))
  for (const key of brief.keys) if (key.roles[0] === 'beacon') key.notAfter = cap(end)
  const ended = await watch(0, [await clinic.keyset(1, { keys: brief.keys }), first])
  pass(minute)
  // It has ended by the node's clock and this one's. By one of them is not enough: nodes lie.
  expect(await ended.hear(undefined, 2, end + minute)).toBe('fits')
  pass(minute)
  expect(await ended.hear(undefined, 2, end - 1000)).toBe('none')
  vi.setSystemTime(end - 1000)
  expect(await ended.hear(undefined, 2, end + minute)).toBe('none')
})

test('a keyset that begins to name a beacon gives it time', async () => {
  const { hear, send } = await watch(0, [await clinic.keyset(), first])
  pass(10 * minute)
  expect(await hear()).toBe('fits')
  await send([3, await clinic.keyset(2, {}, staff)])
  pass(44_000)
  expect(await hear(undefined, 3)).toBe('fits')
  pass(2000)
  expect(await hear(undefined, 3)).toBe('none')
})

test('a notice that was not sent is missed', async () => {
  const watched = await watch()
  expect(await watched.hear(await head(2, [first]), 2)).toBe('fits')
  pass(10_000)
  expect(await watched.hear(await head(3, [first, last]), 3)).toBe('withheld')
  expect(watched.by.doubts).toBeGreaterThan(0)
  // Another session is not live either, on no one's word, until all is there.
  watched.by = newStanding()
  await watched.send([1, keyset], [2, first])
  expect(await watched.hear(undefined, 2)).toBe('none')
  await watched.send([3, last])
  expect(await watched.hear(undefined, 3)).toBe('fits')
})

test('a Cancel or an Update that was not sent is missed', async () => {
  const info = (alert.info as object[])[0]
  const second = clinic.follow('Update', [alert], { info: [{ ...info, headline: 'second' }] })
  const update = await clinic.publish(second)
  const cancel = await clinic.publish(clinic.follow('Cancel', [alert, second]))
  const { hear, send } = await watch()
  expect(await hear(await head(2, [first]))).toBe('fits')
  await send([3, update])
  pass(1000)
  expect(await hear(await head(2, [first]), 3)).toBe('fits') // of before
  pass(1000)
  expect(await hear(await head(3, [update]), 3)).toBe('fits')
  await send([4, cancel])
  pass(1000)
  expect(await hear(await head(3, [update]), 4)).toBe('fits')
  pass(1000)
  expect(await hear(await head(4, []), 4)).toBe('fits')
  const behind = await watch(0, [keyset, first, update])
  expect(await behind.hear(await head(4, []), 4)).toBe('withheld')
  const further = await watch()
  expect(await further.hear(await head(3, [update]), 3)).toBe('withheld')
})

test('what has ended does not count, nor what only some are sent', async () => {
  const some = [
    clinic.alert({ status: 'Test' }),
    clinic.alert({ addresses: ['surface:call'] }),
    clinic.alert({ addresses: ['lang:es'] }),
    clinic.alert({ addresses: ['tenant:north'] }),
    clinic.alert({ scope: 'Restricted', restriction: 'x', addresses: ['tenant:north'] }),
    clinic.alert({ scope: 'Private', addresses: ['tenant:north'] }),
    clinic.alert({}, { expires: cap(t0 + 10_000) }),
  ]
  const bodies = await Promise.all(some.map((notice) => clinic.publish(notice)))
  const { hear } = await watch(0, [keyset, first, ...bodies])
  expect(await hear(await head(9, [first, bodies[6] as string]), 9)).toBe('fits')
  pass(9000)
  expect(await hear(await head(9, [first, bodies[6] as string]), 9)).toBe('fits')
  pass(1000)
  expect(await hear(await head(9, [first]), 9)).toBe('fits')
  expect(await (await watch(0, [keyset])).hear(await head(2, [first]))).toBe('withheld')
})

test.for<[string, () => Promise<unknown>]>([
  ['a publisher', () => head(2, [], {}, clinic.ana)],
  ['a root', () => head(2, [], {}, clinic.root)],
  ['a beacon of no keyset', async () => head(2, [], {}, await newKey('desk-3', 'beacon'))],
  ['a tampered one', async () => ({ ...((await head(2, [])) as object), payload: 'e30=' })],
  ['of another log', () => head(2, [], { epoch: 'ffffffff' })],
  ['of an older keyset', () => head(2, [], { keysetVersion: 0 })],
  ['of before the snapshot', () => head(1, [])],
  ['rubbish', async () => ({ a: 1 })],
  ['a text', async () => 'head'],
])('what says nothing, for or against: %s', async ([, make]) => {
  const { hear } = await late()
  expect(await hear(await make())).toBe('none')
  pass(1000)
  expect(await hear(await head())).toBe('fits')
})

test('a head of an older keyset says nothing; nor does that of one to come, and so none is good', async () => {
  const newer = await clinic.keyset(2, {}, staff)
  const { hear } = await late([newer, first])
  expect(await hear(await head(2, [], { keysetVersion: 1 }))).toBe('none')
  pass(1000)
  expect(await hear(await head(2, [first], { keysetVersion: 2 }))).toBe('fits')
  pass(1000)
  expect(await hear(await head(2, [], { keysetVersion: 3 }))).toBe('fits')
  pass(45_000)
  expect(await hear(await head(2, [first], { keysetVersion: 3 }))).toBe('none')
})

test('a head of what is still on its way waits for that', async () => {
  const { hear, send } = await late()
  expect(await hear(await head(3, [first, last]), 2)).toBe('none')
  expect(await hear(undefined, 0)).toBe('none')
  pass(10_000)
  await send([3, last])
  expect(await hear(undefined, 3)).toBe('fits')
  expect(await hear(await head(4, [first]), 3)).toBe('fits')
  pass(10_000)
  // The node says that it has come as far, and has not sent it.
  expect(await hear(undefined, 4)).toBe('withheld')
})

test('frozen: the same head again is none, nor is one of before', async () => {
  const { hear } = await watch()
  const old = await head()
  pass(10_000)
  const frozen = await head()
  expect(await hear(frozen)).toBe('fits')
  for (let i = 0; i < 4; i++) {
    pass(10_000)
    expect(await hear(i % 2 ? old : frozen)).toBe('fits')
  }
  pass(10_000)
  expect(await hear(frozen)).toBe('none')
})

test.for([0.5, 0.9, 0.93, 0.98])(
  'slow motion, at a speed of %d, is seen through',
  async (speed) => {
    const { hear } = await watch()
    const seen: string[] = []
    for (let i = 0; seen.at(-1) !== 'none' && i < 2000; i++) {
      const time = t0 + speed * (Date.now() - t0)
      seen.push(await hear(await clinic.head(2, time, [first])))
      pass(10_000)
    }
    expect(seen.at(-1)).toBe('none')
    const played = t0 + speed * (Date.now() - t0)
    expect(Date.now() - played).toBeLessThan(3 * minute)
  },
)

test('a desk whose clock was set back is believed after ten minutes; another carries', async () => {
  const { hear } = await watch()
  const back = () => clinic.head(2, Date.now() - 60 * minute, [first])
  expect(await hear(await head())).toBe('fits')
  const seen: string[] = []
  for (let i = 0; i < 63; i++) {
    pass(10_000)
    seen.push(await hear(await back()))
  }
  expect(seen.slice(6, 59)).not.toContain('fits')
  expect(seen.at(-1)).toBe('fits')

  const two = await watch()
  expect(await two.hear(await head())).toBe('fits')
  for (let i = 0; i < 30; i++) {
    pass(10_000)
    expect(await two.hear(await back())).toBe('fits')
    expect(await two.hear(await head(2, [first], {}, desk2))).toBe('fits')
  }
})

test('heads of a desk that a node held back are not played later', async () => {
  const { hear } = await watch()
  const held = () => clinic.head(2, Date.now() - 5 * minute, [], {}, desk2)
  expect(await hear(await head())).toBe('fits')
  for (let i = 0; i < 5; i++) {
    pass(10_000)
    expect(await hear(await held())).not.toBe('withheld')
  }
  expect(await hear()).toBe('none')
})

test('what this device remembers: heads of long before are old', async () => {
  const live = t0 + 30 * minute
  pass(31 * minute)
  const { hear } = await watch(live)
  pass(minute)
  expect(await hear(await clinic.head(2, t0 + 20 * minute, [first]))).toBe('none')
  expect(await hear(await head())).toBe('fits')
})

test.for([t0 + 300 * 86_400_000, Infinity, 3.9e12])(
  'a time to come, remembered by somebody who means harm, keeps nobody from live: %d',
  async (live) => {
    const { hear } = await watch(live)
    pass(minute)
    expect(await hear(await head())).toBe('fits')
  },
)

test('what was redacted may show, and does not count', async () => {
  const watched = await watch(0, [keyset, first, last])
  expect(await watched.hear(await head(3, [first, last]), 3)).toBe('fits')
  pass(10_000)
  expect(await watched.hear(await head(4, [last]), 4)).toBe('withheld')
  watched.by = newStanding()
  await watched.send([1, keyset], [3, last])
  expect(await watched.hear(undefined, 4)).toBe('fits')
  expect(watched.verifier.view().threads).toHaveLength(2)
  // Nor does it count for who remembers this.
  const { held } = watched.verifier.toKeep(Date.now())
  const again = await watch(0, [])
  await again.verifier.fold(held, again.by)
  pass(minute)
  expect(again.verifier.view().threads).toHaveLength(2)
  expect(await again.hear(await head(4, [last]), 4)).toBe('fits')
})

test('what comes from another tab does not stand in for what the node owes', async () => {
  const { hear, verifier } = await watch()
  await verifier.fold([{ seq: 3, body: last }], newStanding())
  expect(await hear(await head(2, [first]), 2)).toBe('fits')
  pass(10_000)
  expect(await hear(await head(3, [first, last]), 3)).toBe('withheld')
})

test('a head of ten minutes ago speaks for a node, not against it', async () => {
  const { hear } = await late()
  const old = (bodies: string[], ago: number) => clinic.head(2, Date.now() - ago, bodies)
  expect(await hear(await old([], 11 * minute))).toBe('none')
  expect(await hear(await old([first], 10.8 * minute))).toBe('fits')
  expect(await hear(await old([], 9 * minute))).toBe('withheld')
})

test('a node’s time is near to a desk’s, or is not believed', async () => {
  const { hear, verifier } = await watch()
  const day = t0 + 86_400_000
  /** In seconds since t0; clocks of machines differ by less. */
  const timeOf = (said: number) => Math.round((verifier.timeOf(said) - t0) / 1000)
  expect(timeOf(day)).toBe(86_400)
  await hear(await head())
  pass(10_000)
  expect(timeOf(day)).toBe(10)
  expect(timeOf(t0 - 86_400_000)).toBe(10)
  for (const near of [-60, 0, 80]) expect(timeOf(t0 + near * 1000)).toBe(near)
  // Of two desks one may be wrong: either that agrees is enough.
  await hear(await clinic.head(2, day, [], {}, desk2))
  expect(timeOf(day + 1000)).toBe(86_401)
  expect(timeOf(t0)).toBe(0)
  expect(timeOf(t0 - 3 * minute)).toBe(10)
  pass(minute)
  expect(timeOf(t0 - 3 * minute)).toBe(-180)
})

test('another log, shorter than the last, on an open session', async () => {
  const { hear, send } = await watch(0, [keyset, first])
  expect(await hear(await head(90, [first]), 90)).toBe('fits')
  pass(10_000)
  // It has the first notice at another place, which is not sent again.
  await send([5, last])
  const change = { epoch: '00c0ffee' }
  expect(await hear(await head(5, [first, last], change), 5, undefined, change.epoch)).toBe('fits')
  pass(minute)
  expect(await hear(undefined, 5, undefined, change.epoch)).toBe('none')
  expect(await hear(await head(5, [first, last], change), 5, undefined, change.epoch)).toBe('fits')
})

test('no other node is tried while this one says itself that it is stale, nor at once', async () => {
  const watched = await late()
  vi.spyOn(Math, 'random').mockReturnValue(0)
  watched.source = { state: 'stale', sinceMs: 60_000 }
  expect(await watched.hear()).toBe('none')
  watched.source = undefined
  expect(await watched.hear()).toBe('none')
  watched.source = { state: 'live', sinceMs: 0 }
  expect(await watched.hear(undefined, 0)).toBe('withheld')
})

test('another node is tried now and then', async () => {
  const watched = await late()
  const luck = vi.spyOn(Math, 'random').mockReturnValue(0.26)
  expect(await watched.hear()).toBe('none')
  luck.mockReturnValue(0.24)
  expect(await watched.hear(await head())).toBe('fits')
  pass(minute)
  expect(await watched.hear()).toBe('withheld')
  expect(watched.by.doubts).toBe(0) // it keeps its cursor
  watched.by = newStanding()
  await watched.send([1, keyset], [2, first])
  expect(await watched.hear()).toBe('none')
})

test('what comes late is not good for as long', async () => {
  const { hear } = await watch()
  expect(await hear(await head())).toBe('fits')
  pass(50_000)
  expect(await hear(await clinic.head(2, Date.now() - 40_000, [first]))).toBe('fits')
  pass(4000)
  expect(await hear()).toBe('fits')
  pass(2000)
  expect(await hear()).toBe('none')
})
