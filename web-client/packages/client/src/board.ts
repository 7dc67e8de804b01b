import { type Document, readDocument, verify } from './document.js'
import { admit, nothing } from './holding.js'
import { checkKeys } from './keyset.js'
import type { Accepted, Contacts, Entry, Keyset, Outcome, Thread, Trust } from './model.js'
import { known, must } from './rule.js'
import { phaseOf } from './thread.js'

/** Keeps a thread in snapshots a little beyond its end: an Update may be on its way. */
const grace = 6e5

/**
 * What holds now, folded from the log: a pure function of the entries, their order and
 * the pinned roots. What was refused is not kept. Calls of fold may overlap; they take
 * effect in the order of the calls, and what is read in between is whole.
 */
export class Board {
  readonly #trust: Trust
  readonly #allowDev: boolean
  /** Keysets that changed the roots, oldest first. */
  readonly #chain: Accepted[] = []
  #newest: Accepted | undefined
  /** What was ever accepted but keysets. */
  readonly #kept: Document[] = []
  #holds = nothing()
  #last: unknown

  /** A keyset with `dev: true` is refused unless `allowDev`. */
  constructor(trust: Trust, allowDev: boolean) {
    this.#trust = trust
    this.#allowDev = allowDev
  }

  /** In force; undefined before the first. */
  get keyset(): Keyset | undefined {
    return this.#newest?.keyset
  }

  /** The newest that hold. */
  get contacts(): Contacts | undefined {
    return this.#holds.cards?.contacts
  }

  /** All threads, in the order of their Alerts. A thread that changed is a new object. */
  get threads(): readonly Thread[] {
    return [...this.#holds.threads.values()]
  }

  /**
   * Applies the next entry. It never rejects: what is bad is refused and stops nothing.
   * Entries are read, and their signatures verified, while earlier ones are on their way.
   */
  fold(entry: Entry): Promise<Outcome> {
    const before = this.#last
    const read = readDocument(entry)
    const outcome = (async (): Promise<Outcome> => {
      await Promise.allSettled([read, before])
      let document: Document | undefined
      try {
        document = await read
        if (!document) return {}
        return { accepted: await this.#apply(document), document }
      } catch (refused) {
        return { refused, document }
      }
    })()
    this.#last = outcome
    return outcome
  }

  /**
   * All that another board needs to reach the same at `now`, in ms of server time: the
   * keysets, oldest first; the contacts; the threads that show, or did 10 minutes ago.
   */
  snapshot(now: number): Accepted[] {
    const shown = this.threads.filter((t) => phaseOf(t, now - grace) !== 'over')
    return [
      ...new Set([...this.#chain, this.#newest, this.#holds.cards]),
      ...shown.flatMap((t) => t.messages),
    ].filter(Boolean) as Accepted[]
  }

  async #apply(document: Document): Promise<Accepted> {
    if (document.keyset) return this.#install(document, document.keyset)
    const { keyset } = this
    must(keyset)
    await verify(document, keyset.keys)
    const accepted = admit(this.#holds, document, keyset)
    this.#kept.push(document)
    return accepted
  }

  /** Puts a keyset in force, and folds anew what was ever accepted. */
  async #install(document: Document, keyset: Keyset): Promise<Accepted> {
    const inForce = this.keyset ?? this.#trust
    must(keyset.version > (this.keyset?.version ?? 0), known)
    must(this.#allowDev || !keyset.dev)
    await checkRooted(document, inForce)
    // What its keys are costs time, so that only root keys may have it looked into; before
    // that, nothing is verified by a key of its own, which may bear another's name.
    await checkKeys([...keyset.roots, ...(keyset.keys ?? [])])
    await checkRooted(document, keyset)
    await Promise.all(this.#kept.map((d) => verify(d, keyset.keys)))
    this.#newest = { ...document, revision: 0, signers: [] }
    if (rootsOf(inForce) !== rootsOf(keyset)) this.#chain.push(this.#newest)
    this.#holds = nothing()
    for (const kept of this.#kept) {
      try {
        admit(this.#holds, kept, keyset)
      } catch {} // void, until its keys come back
    }
    return this.#newest
  }
}

/** Checks that enough of these roots have signed. Rejects. */
async function checkRooted(document: Document, { roots, rootThreshold }: Trust): Promise<void> {
  await verify(document, roots)
  must(roots.filter((r) => document.valid.has(r.keyid)).length >= rootThreshold)
}

/** The same text for roots that ask for the same signatures. */
function rootsOf({ roots, rootThreshold }: Trust): string {
  return [rootThreshold, ...roots.map((r) => r.keyid).sort()].join()
}
