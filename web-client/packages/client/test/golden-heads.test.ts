import { describe, expect, test } from 'vitest'
import { newBeacons } from '../src/beacons.js'
import { instant } from '../src/datetime.js'
import { boardOf, type Head } from '../src/head.js'
import { readHead } from '../src/heads.js'
import type { Keyset } from '../src/model.js'
import { newStanding } from '../src/standing.js'
import { openVerifier } from '../src/verifier.js'
import { golden } from './golden.js'
import { pemOf } from './kit/clinic.js'

interface AdvanceStep {
  beacon: string
  atMs: number
  time: string
  says: string
  lagMs?: number
}

interface Vectors {
  trust: { roots: { publicKey: string }[] }
  keysets: string[]
  heads: {
    name: string
    keyset: number
    envelope: string
    padTo?: number
    head?: Omit<Head, 'time'> & { time: string }
  }[]
  boards: { name: string; entries: string[]; time: string; board: string; counts: number }[]
  advance: { name: string; steps: AdvanceStep[] }[]
}

const vectors = golden<Vectors>('heads') as unknown as Vectors
const keysets = vectors.keysets.map((payload) => JSON.parse(payload) as Keyset)

describe('heads.json: heads', () => {
  test.each(vectors.heads)('$name', async ({ envelope, padTo = 0, keyset, head }) => {
    const read = readHead(envelope.padEnd(padTo), keysets[keyset] as Keyset)
    if (!head) return expect(read).rejects.toThrow()
    expect(await read).toMatchObject({ ...head, time: instant(head.time) })
  })
})

describe('heads.json: boards', () => {
  const roots = vectors.trust.roots.map((r) => pemOf(r.publicKey)).join('')
  test.each(vectors.boards)('$name', async ({ entries, time, board }) => {
    const verifier = await openVerifier(roots, false)
    const by = newStanding()
    await verifier.fold(
      entries.map((body, i) => ({ seq: i + 1, body })),
      by,
    )
    const at = { seq: entries.length, time: instant(time) }
    expect(await boardOf(verifier.view().threads, by.line ?? { at: new Map() }, at)).toBe(board)
  })
})

describe('heads.json: advance', () => {
  const beacons = ['a', 'b'].map((keyid) => ({ keyid, roles: ['beacon'] }))
  test.each(vectors.advance)('$name', ({ steps }) => {
    const { hear } = newBeacons(0)
    const lags = steps.map(({ beacon, atMs, time }) =>
      hear(
        { keyid: beacon, time: instant(time) } as Head,
        { keys: beacons } as unknown as Keyset,
        atMs,
      ),
    )
    const asSaid = (lag = -1) => (lag >= 0 ? 'advances' : lag < 0 ? 'behind' : 'repeats')
    expect(lags.map(asSaid)).toEqual(steps.map((step) => step.says))
    for (const [i, { lagMs = 0 }] of steps.entries())
      expect(Math.abs((lags[i] || 0) - lagMs)).toBeLessThan(100)
  })
})
