// The half that verifies, behind the one door that the rest uses. It is fetched while the
// connection is being made, and bundled apart from what has to be there first.

import { Board } from './board.js'
import type { Held } from './memory.js'
import type { Accepted } from './model.js'
import { parseTrust } from './trust.js'
import { show } from './view.js'
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
    show,
    /**
     * Applies entries in their order to what is held; gives those that were accepted. What a
     * snapshot omits stays: no node is to be believed that a notice no longer holds.
     */
    async fold(entries: readonly Held[]): Promise<Accepted[]> {
      const outcomes = await Promise.all(entries.map((entry) => board.fold(entry)))
      return outcomes.flatMap(({ accepted }) => accepted ?? [])
    },
    /** What holds now; it does not change any more. */
    view: () => ({ threads: board.threads, keyset: board.keyset, contacts: board.contacts }),
    /** What another needs to hold the same. */
    snapshot: (now: number) => board.snapshot(now),
    /** Folds anew what is for everyone, so that nothing else stays in memory. */
    async forget(now: number) {
      const kept = board.snapshot(now).filter(({ notice }) => !notice || isPublic(notice))
      const next = newBoard()
      await Promise.all(kept.map((entry) => next.fold(entry)))
      board = next
    },
  }
}
