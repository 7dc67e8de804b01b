// What heads tell of what a node has sent.

import { expect, test, vi } from 'vitest'
import { newStanding } from '../src/standing.js'
import { cap, newKey, t0 } from './kit/clinic.js'
import {
  alert,
  clinic,
  first,
  head,
  keyset,
  last,
  late,
  minute,
  pass,
  staff,
  watch,
} from './kit/watched.js'

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
  expect(watched.by.wrong).toBe(true)
  await watched.send([3, last])
  expect(await watched.hear(undefined, 3)).toBe('fits')
  expect(watched.by.wrong).toBe(false)
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
