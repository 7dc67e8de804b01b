import type { Accepted, Contacts, Entry, Keyset, Outcome, Thread, Trust } from './model.js'

/**
 * What holds now, folded from the log: a pure function of the entries, their order and
 * the pinned roots. Calls of fold may overlap; they take effect in the order of the calls.
 */
export class Board {
  /** In force; undefined before the first. */
  keyset?: Keyset
  /** The newest that hold. */
  contacts?: Contacts
  /** All threads, in the order of their Alerts; a new array whenever one changed. */
  threads: readonly Thread[] = []

  constructor(
    readonly trust: Trust,
    readonly allowDev: boolean,
  ) {}

  /** Applies the next entry. It never rejects: what is bad is refused and stops nothing. */
  async fold(_entry: Entry): Promise<Outcome> {
    return { verdict: 'rejected', rule: 'not written yet' }
  }

  /** All that another board needs to reach the same, at `now` in ms of server time. */
  snapshot(_now: number): Accepted[] {
    return []
  }
}
