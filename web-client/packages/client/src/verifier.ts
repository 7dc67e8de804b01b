// The half that verifies, behind the one door that the rest uses. It is fetched while the
// connection is being made, and bundled apart from what has to be there first.

import { Board } from './board.js'
import type { Held } from './memory.js'
import type { Accepted } from './model.js'
import { known } from './rule.js'
import { showTo } from './shown.js'
import type { Refused, Standing } from './standing.js'
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
  return {
    isPublic,
    showTo,
    /**
     * Applies what a node sent, in its order, and again what was refused as long as that helps;
     * gives what was accepted. What a snapshot omits stays: no node is to be believed that a
     * notice no longer holds.
     */
    async fold(entries: readonly Held[], by: Standing): Promise<Accepted[]> {
      const accepted: Accepted[] = []
      let held = board.keyset?.version ?? 0
      let batch: readonly Refused[] = entries
      for (let before = -1; before < accepted.length; batch = by.refused.splice(0)) {
        before = accepted.length
        const outcomes = await Promise.all(batch.map((entry) => board.fold(entry)))
        for (const [i, { accepted: one, refused, version = 0 }] of outcomes.entries()) {
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
      return accepted
    },
    /** What holds now; it does not change any more. */
    view: () => ({
      threads: board.threads,
      keyset: board.keyset,
      contacts: cardsOf(board.contacts),
    }),
    /** What another needs to hold the same; of what is Private, nothing, and not `all`. */
    toKeep(now: number) {
      const all = board.snapshot(now)
      const held = all.filter(({ notice }) => notice?.scope !== 'Private')
      return {
        all: held.length === all.length,
        held: held.map(({ seq, body }): Held => ({ seq, body })),
      }
    },
    /** Folds anew what is for everyone, so that nothing else stays in memory. */
    async forget(now: number) {
      const kept = board.snapshot(now).filter(({ notice }) => !notice || isPublic(notice))
      const next = newBoard()
      await Promise.all(kept.map((entry) => next.fold(entry)))
      board = next
    },
  }
}
