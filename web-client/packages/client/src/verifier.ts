// The half that verifies, behind the one door that the rest uses. It is fetched while the
// connection is being made, and bundled apart from what has to be there first.

import { Board } from './board.js'
import { newHeads, type Told } from './heads.js'
import type { Held, Memo } from './memory.js'
import type { Accepted } from './model.js'
import { known } from './rule.js'
import { showTo } from './shown.js'
import { type Line, newStanding, type Refused, type Standing } from './standing.js'
import { parseTrust } from './trust.js'
import { cardsOf } from './view.js'
import { isPublic } from './visible.js'

export type Verifier = Awaited<ReturnType<typeof openVerifier>>
export type View = ReturnType<Verifier['view']>

/** Rejects roots that are not the text of a trust.pem. */
export async function openVerifier(roots: string, allowDev: boolean) {
  const trust = await parseTrust(roots)
  const newBoard = () => new Board(trust, allowDev)
  let board = newBoard()
  let heads = newHeads(0)
  let line: Line | undefined // of the cursor that is kept
  const verifier = {
    isPublic,
    showTo,
    /**
     * Applies what a node sent, in its order, and again what was refused as long as that helps;
     * gives what was accepted. What a snapshot omits stays: no node is to be believed that a
     * notice no longer holds.
     */
    async fold(entries: readonly Held[], by: Standing): Promise<Accepted[]> {
      const accepted: Accepted[] = []
      by.line ??= by.version && line ? line : { at: new Map() }
      let held = board.keyset?.version ?? 0
      let batch: readonly Refused[] = entries
      for (let before = -1; before < accepted.length; batch = by.refused.splice(0)) {
        before = accepted.length
        const outcomes = await Promise.all(batch.map((entry) => board.fold(entry)))
        for (const [i, { accepted: one, refused, document }] of outcomes.entries()) {
          const { seq } = batch[i] as Refused
          const version = document?.keyset?.version ?? 0
          if (document && seq) by.line.at.set(document.hash, seq)
          by.version = Math.max(by.version, version)
          if (one) {
            accepted.push(one)
            held = Math.max(held, version)
          } else if (refused && refused !== known)
            by.refused.push({ excused: by.version < held, ...(batch[i] as Refused) })
        }
      }
      by.refused = [...batch]
      by.doubts = batch.filter((r) => !r.excused).length
      by.lie = by.doubts ? 'source' : undefined
      return accepted
    },
    /** Folds what this device remembers; gives whether that was all, so that its cursor holds. */
    async restore({ held, live }: Memo): Promise<boolean> {
      const by = newStanding()
      const accepted = await verifier.fold(held, by)
      heads = newHeads(live)
      line = by.line
      return !!board.keyset && accepted.length === held.length
    },
    /** What holds now; it does not change any more. */
    view: () => ({
      threads: board.threads,
      keyset: board.keyset,
      contacts: cardsOf(board.contacts),
    }),
    /** See newHeads. A line goes on from every cursor. Gives the node's time. */
    hear(to: Told, by: Standing, now: number) {
      if (to.cursor) line = by.line
      return heads.hear(to, by, board, now)
    },
    doubt: (now: number) => heads.doubt(board, now),
    timeOf: (said: number) => heads.timeOf(said),
    /**
     * What another needs to hold the same; of what is Private, nothing, and not `all`. What is not
     * of the line has no place in the log.
     */
    toKeep(now: number) {
      const all = board.snapshot(now)
      const held = all.filter(({ notice }) => notice?.scope !== 'Private')
      return {
        all: held.length === all.length,
        held: held.map(
          ({ seq, body, hash }): Held => ({ seq: line && !line.at.has(hash) ? 0 : seq, body }),
        ),
      }
    },
    /** Folds anew what is for everyone, so that nothing else stays in memory. */
    async forget(now: number) {
      const kept = board.snapshot(now).filter(({ notice }) => !notice || isPublic(notice))
      const next = newBoard()
      await Promise.all(kept.map((entry) => next.fold(entry)))
      board = next
      line = undefined
    },
  }
  return verifier
}
