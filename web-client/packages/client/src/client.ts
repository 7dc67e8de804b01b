import { follow } from './follow.js'
import type { Directive, ShownNotice, State, TocsinOptions } from './seen.js'

/**
 * Follows a node, for as long as it is started: holds what the node sent and this page
 * verified. It may be started and stopped any number of times; methods need no `this`.
 */
export class Tocsin {
  /** Connects, and shows what is remembered. Without effect if started. */
  declare readonly start: () => void
  /** Disconnects. What is shown stays, and is stale. */
  declare readonly stop: () => void
  /**
   * Forgets the ticket and all that is not for everyone, here and in the other tabs of this
   * origin. It is gone from storage and from the state when this returns, and from memory
   * when the promise resolves. The session goes on, public; `getToken` is not asked.
   */
  declare readonly signOut: () => Promise<void>
  /** `getToken` has other tokens: after login, on joining or leaving a call. Ends signOut. */
  declare readonly tokensChanged: () => void
  /** The same object until something changed. */
  declare readonly getState: () => State
  /** Calls `listener` after each change, until what is returned is called. */
  declare readonly subscribe: (listener: () => void) => () => void
  /** The notice was drawn where somebody could see it. Counts once a revision. */
  declare readonly displayed: (notice: ShownNotice) => void
  /** Somebody confirmed the notice. Counts once a revision. */
  declare readonly confirm: (notice: ShownNotice) => void
  /** Whether an active notice of status Actual has a parameter `directive` of this value. */
  declare readonly directive: (name: string) => Directive

  constructor(options: TocsinOptions) {
    Object.assign(this, follow(options))
  }
}
