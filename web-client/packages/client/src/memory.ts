// What is kept on this device, for the next page and the other tabs. It is one record, of all
// nodes, so that its cursor never covers what it does not hold, and a sign-out replaces all.
// Private notices are never in it. What comes from it is verified again.

import { isSound } from './frames.js'
import type { Tier } from './seen.js'

/** A signed document, as the node sent it. */
export interface Held {
  readonly seq: number
  readonly body: unknown
}

/** What a session may see, and so what a cursor that it got covers. */
export interface Reach {
  readonly tier: Tier
  readonly labels: readonly string[]
  /** Of the keyset in force at the cursor; a session says it elsewhere. */
  readonly version?: number
}

export interface Memo {
  readonly ticket?: string | undefined
  readonly cursor?: string | undefined
  readonly reach?: Reach | undefined
  /** To be folded in this order. */
  readonly held: readonly Held[]
  /** Server time, in ms, when the notices were the newest, and when this was written. */
  readonly live: number
  readonly time: number
}

const nothing: Memo = { held: [], live: 0, time: 0 }

/** Of the record. One of another format is no record. */
const format = 2

/**
 * When a sign-out was, by its name. One that can't have been yet, of a clock that was wrong or
 * of somebody who means harm, must not keep those that follow from being news.
 */
const when = (out: string | undefined) => (Number(out) < Date.now() + 864e5 ? Number(out) : 0)

/**
 * The key in Storage, and the name of the tabs' channel. All of an origin share it, whichever
 * node they follow, so that no record is out of reach of a sign-out.
 */
export const shared = 'tocsin'

export type Memory = ReturnType<typeof openMemory>

/**
 * Storage may be absent, full or forbidden; then all lasts as long as the page. Beside the
 * record it holds the name of the last sign-out: a tab that slept through one finds another
 * name than it knows, and a record that such a tab wrote bears the wrong one.
 */
export function openMemory(storage: Storage | null | undefined, node: string) {
  let memo = nothing
  const attempt = <T>(act: (s: Storage) => T): T | undefined => {
    try {
      return act(storage === undefined ? localStorage : (storage as Storage))
    } catch {
      return undefined
    }
  }
  const outName = `${shared}:out`
  let known: string | undefined
  const lastSignOut = () => attempt((s) => s.getItem(outName) ?? '') ?? known ?? ''
  known = lastSignOut()

  /** By node. */
  const all = () =>
    attempt((s): Record<string, unknown> | undefined => {
      const [as, out, found] = JSON.parse(s.getItem(shared) as string)
      return as === format && out === known ? found : undefined
    })
  /** Anything may stand there: of another version, or of another program of this origin. */
  const stored = () =>
    attempt(() => {
      const found = all()?.[node] as Memo
      return isSound(found, 'held live time ticket cursor reach') ? found : undefined
    })

  /** Removes a record of before the last sign-out; it may be of who came afterwards. */
  const sweep = () => {
    if (!all()) attempt((s) => s.removeItem(shared))
  }
  sweep()

  return {
    /** The last sign-out, if it is another than this tab knows of. */
    missed: () => (lastSignOut() === known ? undefined : lastSignOut()),
    /** Whether it came after the one that this tab knows of. */
    isNews: (out: string) => when(out) > when(known),
    /** The name of one that comes now: a number, greater than those before. */
    newSignOut: () => `${Math.max(Date.now(), when(lastSignOut()) + 1) + Math.random()}`,
    /** What this tab or another kept last. */
    load: () => stored() ?? memo,
    save(change: Partial<Memo>) {
      memo = { ...memo, ticket: stored()?.ticket ?? memo.ticket, ...change }
      if (lastSignOut() !== known) return // the record there may be of who came afterwards
      attempt((s) => s.setItem(shared, JSON.stringify([format, known, { ...all(), [node]: memo }])))
    },
    /** Deletes everything, as of this sign-out. */
    clear(out: string) {
      known = out
      memo = nothing
      sweep() // first: it makes room
      attempt((s) => s.setItem(outName, out))
    },
  }
}
