// A session that is watched: what its node sends, and what desks sign of it. Time is the test's own.

import { afterEach, beforeEach, expect, vi } from 'vitest'
import type { Source } from '../../src/frames.js'
import { newStanding, type Standing } from '../../src/standing.js'
import { openVerifier, type Verifier } from '../../src/verifier.js'
import { newClinic, newKey, t0 } from './clinic.js'
import { cursor } from './frames.js'

export const clinic = await newClinic()
export const desk2 = await newKey('desk-2', 'beacon')
export const staff = [clinic.ana, clinic.ben, clinic.beacon, desk2]
export const keyset = await clinic.keyset(1, {}, staff)
export const alert = clinic.alert({}, { headline: 'first' })
export const first = await clinic.publish(alert)
export const last = await clinic.publish(clinic.alert({}, { headline: 'the last' }))
export const minute = 60_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: t0 })
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})
export const pass = (ms: number) => vi.advanceTimersByTime(ms)

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
export async function watch(live = 0, bodies = [keyset, first]): Promise<Watched> {
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
export async function late(bodies?: string[]): Promise<Watched> {
  const watched = await watch(0, bodies)
  pass(minute)
  expect(await watched.hear()).toBe('none')
  return watched
}

export const head = (seq = 2, bodies = [first], change: object = {}, signer = clinic.beacon) =>
  clinic.head(seq, Date.now(), bodies, change, signer)
