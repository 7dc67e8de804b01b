// Whether a node's session is to be believed that it left nothing out. An honest node sends
// what it accepted, in the log's order, so that all of it is accepted here, too, or is known.
// What is refused tells of a node that lies, or that holds another log than this page knows.

import type { Held } from './memory.js'

/**
 * Where in the log payloads stand, by their hash, as sessions told that go on from each other's
 * cursors. What they did not tell, as it was redacted, or comes from elsewhere, may show.
 */
export interface Line {
  readonly at: Map<string, number>
  /** Of the log. */
  epoch?: string | undefined
  /** What was before may have been left out, by a snapshot. */
  from?: number
}

export interface Refused extends Held {
  /** The keyset held here was newer than what the node had sent: it may have become void. */
  readonly excused?: boolean
}

export interface Standing {
  /** The newest keyset that the node is known to have; 0 for none. To begin with, only of a replay. */
  version: number
  /** What was refused, and may not be when more has come. */
  refused: Refused[]
  /** How much of it an honest node would not have sent. */
  doubts: number
  /** Why the session is to end. */
  lie?: 'source' | 'withheld' | undefined
  line?: Line
  /** A head did not fit, in it or before, and none has since. */
  wrong?: boolean
}

export const newStanding = (): Standing => ({ version: 0, refused: [], doubts: 0 })
