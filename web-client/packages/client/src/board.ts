import { type Document, readDocument, verify } from './document.js'
import { admit, nothing } from './holding.js'
import type { Accepted, Contacts, Entry, Keyset, Outcome, Thread, Trust } from './model.js'
import { must } from './rule.js'
import { isRooted } from './tally.js'
import { phaseOf } from './thread.js'

/** Keeps a thread in snapshots a little beyond its end: an Update may be on its way. */
const grace = 6e5

/**
 * What holds now, folded from the log: a pure function of the entries, their order and
 * the pinned roots. What was refused is not kept. Calls of fold may overlap; they take
 * effect in the order of the calls, and what is read in between is whole.
 */
export class Board {
  /** In force; undefined before the first. */
  keyset: Keyset | undefined
  #newest: Accepted | undefined
  /** Keysets that changed the roots, oldest first. */
  readonly #chain: Accepted[] = []
  /** What was ever accepted but keysets. */
  readonly #kept: Document[] = []
  #holds = nothing()
  #last: Promise<unknown> = Promise.resolve()

  /** A keyset with `dev: true` is refused unless `allowDev`. */
  constructor(
    readonly trust: Trust,
    readonly allowDev: boolean,
  ) {}

  /** The newest that hold. */
  get contacts(): Contacts | undefined {
    return this.#holds.contacts
  }

  /** All threads, in the order of their Alerts. A thread that changed is a new object. */
  get threads(): readonly Thread[] {
    return [...this.#holds.threads.values()]
  }

  /**
   * Applies the next entry. It never rejects: what is bad is refused and stops nothing.
   * Signatures are verified while earlier entries are still on their way, as far as the
   * keyset is in force by then: so wait for keysets before you fold hundreds of notices.
   */
  fold(entry: Entry): Promise<Outcome> {
    const read = this.#read(entry)
    const folded = Promise.allSettled([read, this.#last]).then(async () => {
      try {
        const document = await read
        if (!document) return { verdict: 'skipped' } as const
        const accepted = await this.#apply(document)
        return { verdict: 'accepted', accepted } as const
      } catch (error) {
        return { verdict: 'rejected', rule: String((error as Error).message) } as const
      }
    })
    this.#last = folded
    return folded
  }

  /**
   * All that another board needs to reach the same at `now`, in ms of server time: the
   * keysets, oldest first; the contacts; the threads that show, or did 10 minutes ago.
   */
  snapshot(now: number): Accepted[] {
    const { cards, threads } = this.#holds
    const shown = [...threads.values()].filter((t) => phaseOf(t, now - grace) !== 'over')
    const keysets = new Set([...this.#chain, this.#newest])
    return [...keysets, cards, ...shown.flatMap((t) => t.messages)].filter((a) => a !== undefined)
  }

  async #read(entry: Entry): Promise<Document | undefined> {
    const document = await readDocument(entry)
    if (document) await verify(document, this.keyset?.keys)
    return document
  }

  async #apply(document: Document): Promise<Accepted> {
    if (document.keyset) return this.#install(document, document.keyset)
    must(this.keyset, 'keyset.none')
    await verify(document, this.keyset.keys)
    const accepted = admit(this.#holds, document, this.keyset)
    this.#kept.push(document)
    return accepted
  }

  /** Puts a keyset in force, and folds anew what was ever accepted. */
  async #install(document: Document, keyset: Keyset): Promise<Accepted> {
    const inForce = this.keyset ?? this.trust
    must(!keyset.dev || this.allowDev, 'keyset.dev')
    must(!this.keyset || keyset.version > this.keyset.version, 'keyset.version')
    await verify(document, [...inForce.roots, ...keyset.roots])
    must(isRooted(document, inForce) && isRooted(document, keyset), 'threshold')
    await Promise.all(this.#kept.map((d) => verify(d, keyset.keys)))
    const { entry, envelope, hash } = document
    const { payloadType } = envelope
    const accepted = { ...entry, payloadType, hash, revision: 0, signers: [], breakGlass: false }
    if (rootsOf(inForce) !== rootsOf(keyset)) this.#chain.push(accepted)
    this.keyset = keyset
    this.#newest = accepted
    this.#holds = nothing()
    for (const kept of this.#kept) {
      try {
        admit(this.#holds, kept, keyset)
      } catch {} // void, until its keys come back
    }
    return accepted
  }
}

/** The same text for roots that ask for the same signatures. */
function rootsOf({ roots, rootThreshold }: Trust): string {
  return [rootThreshold, ...roots.map((r) => r.keyid).sort()].join()
}
