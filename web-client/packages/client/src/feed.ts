// What is known, and how entries change it. It does no I/O.
//
// Entries of a replay or snapshot are held back until synced, so that nothing of them shows
// before, and a connection that breaks in between leaves no trace. Then they are folded into
// the board that is there: what a snapshot omits stays, since no node is to be believed that
// a notice no longer holds.

import { Board } from './board.js'
import { tiers } from './frames.js'
import type { Held, Reach } from './memory.js'
import type { Accepted, Trust } from './model.js'
import { isPublic } from './visible.js'

/** The characters of a replay or snapshot larger than any honest one. */
const mostStaged = 64 << 20

const covers = (a: Reach | undefined, b: Reach) =>
  !!a &&
  tiers.indexOf(a.tier) >= tiers.indexOf(b.tier) &&
  b.labels.every((label) => a.labels.includes(label))

/** What is known of the connection that is open. */
export interface Session {
  /** What it may see; absent before its welcome. */
  granted?: Reach
  /** All that it may see has come. */
  synced: boolean
  /** Held back until then. */
  staged?: Held[] | undefined
  room: number
}

export const newSession = (): Session => ({ synced: false, staged: [], room: mostStaged })

export function openFeed(trust: Trust, allowDev: boolean) {
  let board = new Board(trust, allowDev)

  const feed = {
    /** Of all that `reach` may see, everything up to there is held. */
    cursor: undefined as string | undefined,
    reach: undefined as Reach | undefined,

    /** Takes the terms of a session; false: a replay would not bring all of it. */
    welcome(session: Session, granted: Reach, replay: boolean): boolean {
      session.granted = granted
      if (!replay || !feed.cursor || covers(feed.reach, granted)) return true
      feed.cursor = undefined
      return false
    },
    /** Takes an entry, `size` characters long; gives what it made accepted. */
    async entry(session: Session, entry: Held, size: number): Promise<Accepted[]> {
      if (!session.staged) return feed.fold([entry])
      session.room -= size
      if (session.room < 0) throw 'flood'
      session.staged.push(entry)
      return []
    },
    async sync(session: Session): Promise<Accepted[]> {
      const accepted = await feed.fold(session.staged ?? [])
      session.staged = undefined
      session.synced = true
      return accepted
    },
    /** A node that can vouch for no cursor leaves the old one in force, which still holds. */
    reached(session: Session, cursor: string | undefined) {
      if (!session.synced || !cursor) return
      feed.cursor = cursor
      feed.reach = session.granted
    },
    async fold(entries: readonly Held[]): Promise<Accepted[]> {
      const outcomes = await Promise.all(entries.map((entry) => board.fold(entry)))
      return outcomes.flatMap(({ accepted }) => accepted ?? [])
    },
    /** What holds, for a view: nothing of it changes any more. */
    view: () => ({ threads: board.threads, keyset: board.keyset, contacts: board.contacts }),
    /** What another board needs to reach the same. */
    snapshot: (now: number) => board.snapshot(now),
    /**
     * Folds anew what is for everyone, so that nothing else stays in memory.
     */
    async forget(now: number) {
      const kept = board.snapshot(now).filter(({ notice }) => !notice || isPublic(notice))
      const next = new Board(trust, allowDev)
      await Promise.all(kept.map((entry) => next.fold(entry)))
      board = next
    },
  }
  return feed
}
