// What is known of the connection that is open.
//
// Entries of a replay or snapshot are held back until synced, so that nothing of them shows
// before, and a connection that breaks in between leaves no trace.

import { tiers } from './frames.js'
import type { Held, Reach } from './memory.js'
import { newStanding, type Standing } from './standing.js'

export interface Session extends Standing {
  /** What it may see; absent before its welcome. */
  granted?: Reach
  /** Held back until synced, and absent afterwards. */
  staged?: Held[] | undefined
  /** How many characters may still wait or be held back; an honest snapshot is smaller. */
  room: number
}

/** How much of what speaks against a node may wait for what it needs. */
export const mostRefused = 64

export const newSession = (): Session => ({ ...newStanding(), staged: [], room: 64 << 20 })

/** Whether whoever may see `a` sees all that one with `b` sees. */
export const covers = (a: Reach | undefined, b: Reach) =>
  !!a &&
  tiers.indexOf(a.tier) >= tiers.indexOf(b.tier) &&
  b.labels.every((label) => a.labels.includes(label))
