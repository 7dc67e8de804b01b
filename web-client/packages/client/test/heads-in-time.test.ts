// When heads are good, and for how long: what is old, slow or of a wrong clock.

import { expect, test, vi } from 'vitest'
import { newStanding } from '../src/standing.js'
import { t0 } from './kit/clinic.js'
import {
  clinic,
  desk2,
  first,
  head,
  keyset,
  last,
  late,
  minute,
  pass,
  watch,
} from './kit/watched.js'

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

test('a head of a desk whose clock is behind does not shorten for how long another vouches', async () => {
  const behind = (seq: number, bodies: string[]) =>
    clinic.head(seq, Date.now() - 35_000, bodies, {}, desk2)
  const { hear } = await watch()
  expect(await hear(await head())).toBe('fits')
  pass(15_000)
  expect(await hear(await behind(2, [first]))).toBe('fits')
  pass(29_000)
  expect(await hear()).toBe('fits')
  pass(2000)
  expect(await hear()).toBe('none')

  // After one that did not fit, what vouched before counts no more.
  const watched = await watch()
  expect(await watched.hear(await head())).toBe('fits')
  pass(15_000)
  expect(await watched.hear(await behind(3, [first, last]), 3)).toBe('withheld')
  watched.by = newStanding()
  await watched.send([1, keyset], [2, first], [3, last])
  expect(await watched.hear(undefined, 3)).toBe('fits')
  pass(9000)
  expect(await watched.hear(undefined, 3)).toBe('fits')
  pass(2000)
  expect(await watched.hear(undefined, 3)).toBe('none')
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

test('nor are those of a desk whose clock is slow, for ten minutes of advancing', async () => {
  pass(31 * minute)
  const { hear } = await watch(t0 + 30 * minute)
  const slow = () => clinic.head(2, Date.now() - 40 * minute, [first])
  pass(15 * minute) // that nothing came for so long says nothing
  const seen: string[] = []
  for (let i = 0; i <= 60; i++) {
    seen.push(await hear(await slow()))
    pass(10_000)
  }
  expect(seen.slice(0, -1)).not.toContain('fits')
  expect(seen.at(-1)).toBe('fits')
})

test.for([t0 + 300 * 86_400_000, Infinity, 3.9e12])(
  'a time to come, remembered by somebody who means harm, keeps nobody from live: %d',
  async (live) => {
    const { hear } = await watch(live)
    pass(minute)
    expect(await hear(await head())).toBe('fits')
  },
)

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
  // A head that does not fit says nothing of the time.
  await hear(await clinic.head(2, day, [first], {}, desk2))
  expect(timeOf(day + 1000)).toBe(10)
  // Of two desks one may be wrong: either that agrees is enough.
  await hear(await clinic.head(2, day + 1000, [], {}, desk2))
  expect(timeOf(day + 2000)).toBe(86_402)
  expect(timeOf(t0)).toBe(0)
  expect(timeOf(t0 - 3 * minute)).toBe(10)
  pass(minute)
  expect(timeOf(t0 - 3 * minute)).toBe(-180)
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

test('a node that is always a little behind the newest head has reached the one before', async () => {
  const { hear } = await watch()
  for (let seq = 2; seq < 12; seq++) {
    expect(await hear(await head(seq + 1), seq)).toBe('fits')
    pass(15_000)
  }
})

test('nor does one withhold by always having a newer head of what is to come', async () => {
  const { hear } = await watch()
  expect(await hear(await head())).toBe('fits')
  pass(15_000)
  expect(await hear(await head(3, [first, last]), 2)).toBe('fits')
  pass(15_000)
  expect(await hear(await head(4, [first, last]), 3)).toBe('withheld')
  const stays = await watch()
  expect(await stays.hear(await head())).toBe('fits')
  for (let seq = 3; seq < 6; seq++) {
    pass(14_000)
    expect(await stays.hear(await head(seq, [first, last]))).toBe('fits')
  }
  pass(4000)
  expect(await stays.hear(await head(6, [first, last]))).toBe('none')
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
