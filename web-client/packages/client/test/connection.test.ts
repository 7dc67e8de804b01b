// When attempts are made. Only time is not real here, and the network, which there is none of.

import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Connection, keepConnected } from '../src/connection.js'
import { newClinic } from './kit/clinic.js'
import { isLive, openPage, until } from './kit/device.js'
import { entry, heartbeat, synced, welcome } from './kit/frames.js'
import { scriptedNode } from './kit/node.js'

const Real = WebSocket
let attempts: number[] = []
let connection: Connection | undefined
/** What becomes of an attempt. */
let fate: (socket: WebSocket) => void = () => {}

class NoNetwork {
  onopen?: () => void
  onclose?: () => void
  constructor() {
    attempts.push(performance.now())
    fate(this as unknown as WebSocket)
  }
  close() {}
}

const ignore = { dialling() {}, opened() {}, message() {}, ended() {}, tick() {} }
const fail = (socket: WebSocket) => setTimeout(() => socket.onclose?.({} as CloseEvent), 1)

beforeEach(() => {
  attempts = []
})
afterEach(() => {
  connection?.stop()
  connection = undefined
  vi.useRealTimers()
  globalThis.WebSocket = Real
})

function without(what: typeof fate) {
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] })
  globalThis.WebSocket = NoNetwork as unknown as typeof WebSocket
  fate = what
  connection = keepConnected('ws://node.example', ignore)
  return connection
}

test.for<[string, typeof fate]>([
  ['refuses', fail],
  ['never answers', () => {}],
  ['can’t be tried', () => { throw new Error('CSP') }], // biome-ignore format: one line
])('it never gives up, and waits a minute at most: the network %s', async ([, what]) => {
  without(what)
  await vi.advanceTimersByTimeAsync(4 * 3_600_000)
  const waits = attempts.slice(1).map((at, i) => at - (attempts[i] as number))
  expect(Math.max(...waits)).toBeLessThanOrEqual(60_000 + 10_000 + 1010)
  expect(attempts.length).toBeGreaterThan(4 * 60 - 30)
})

test('the first attempts come soon, and are spread', async () => {
  const first = new Set<number>()
  await fc.assert(
    fc.asyncProperty(fc.constant(0), async () => {
      attempts = []
      const c = without(fail)
      await vi.advanceTimersByTimeAsync(1010)
      c.stop()
      expect(attempts.length).toBeGreaterThan(1)
      first.add((attempts[1] as number) - (attempts[0] as number))
    }),
    { numRuns: 30 },
  )
  expect(first.size).toBeGreaterThan(10)
})

test('a user who comes back does not wait; one who stopped is left alone', async () => {
  const c = without(fail)
  await vi.advanceTimersByTimeAsync(600_000)
  const before = attempts.length
  c.wake()
  expect(attempts.length).toBe(before + 1)
  c.stop()
  c.wake()
  await vi.advanceTimersByTimeAsync(600_000)
  expect(attempts.length).toBe(before + 1)
})

test('an interval that a node asks for is kept, up to a minute', async () => {
  const c = without(() => {})
  c.drop(8000)
  await vi.advanceTimersByTimeAsync(7900)
  expect(attempts).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(200)
  expect(attempts).toHaveLength(2)
  c.drop(1e9)
  await vi.advanceTimersByTimeAsync(60_100)
  expect(attempts).toHaveLength(3)
})

test('after a long outage, attempts are still spread', async () => {
  without(fail)
  await vi.advanceTimersByTimeAsync(8 * 3_600_000)
  const waits = attempts.slice(100).map((at, i) => at - (attempts[i + 99] as number))
  expect(Math.min(...waits)).toBeLessThan(15_000)
  expect(waits.filter((ms) => ms > 59_000).length).toBeLessThan(waits.length / 4)
})

test('a node that says bye again and again is not asked in a tight loop', async () => {
  let asks = () => {}
  const c = without((socket) => setTimeout(() => socket.onopen?.({} as Event), 1))
  const opened = vi.fn(() => asks())
  c.stop()
  const looping = keepConnected('ws://node.example', { ...ignore, opened })
  connection = looping
  asks = () => {
    looping.worked() // as by a heartbeat that came at once
    looping.leave(0)
  }
  await vi.advanceTimersByTimeAsync(600_000)
  expect(opened.mock.calls.length).toBeGreaterThan(5)
  expect(opened.mock.calls.length).toBeLessThan(80)
})

test('back online, attempts come soon again', async () => {
  const c = without(fail)
  await vi.advanceTimersByTimeAsync(3_600_000)
  const before = attempts.length
  c.retry()
  await vi.advanceTimersByTimeAsync(3010)
  expect(attempts.length).toBeGreaterThan(before + 1)
})

test('a machine that slept connects anew when it wakes, though its socket is open', async () => {
  const clinic = await newClinic()
  const node = await scriptedNode(async (caller, call) => {
    await caller.next('hello')
    caller.say(welcome(), entry(1, await clinic.keyset()), synced(1), heartbeat())
    if (call > 0) caller.say(entry(2, await clinic.publish(clinic.alert())))
  })
  const now = Date.now
  try {
    const page = openPage({ url: node.url, roots: clinic.roots })
    await until(page, isLive)
    Date.now = () => now() + 3_600_000
    expect(page.getState().freshness).toMatchObject({ state: 'stale', reason: 'silent' })
    await until(page, (s) => isLive(s) && s.notices.length === 1)
    expect(node.calls).toBe(2)
  } finally {
    Date.now = now
    await node.close()
  }
})
