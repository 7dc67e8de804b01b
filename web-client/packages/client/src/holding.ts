import type { Document } from './document.js'
import type { Accepted, Keyset, Thread } from './model.js'
import { known, must } from './rule.js'
import { linksFit } from './rules.js'
import type { Notice } from './seen.js'
import { needOf, tally } from './tally.js'
import { extend } from './thread.js'

/** What holds of the accepted documents under one keyset. Nothing void is in it. */
export interface Holding {
  /** The payloads and identifiers of notices. */
  readonly taken: Set<string>
  /** By the Alert's identifier, in the order of the Alerts. */
  readonly threads: Map<string, Thread & { readonly need: number }>
  /** The newest contacts. */
  cards?: Accepted
}

export const nothing = (): Holding => ({ taken: new Set(), threads: new Map() })

/**
 * Adds a document, standing behind what holds, if it passes all rules on the log's order
 * and its signatures suffice. Throws otherwise, and changes nothing.
 */
export function admit(holding: Holding, document: Document, keyset: Keyset): Accepted {
  const { notice, contacts, hash } = document
  const { policy = {} } = keyset
  const accept = (need: number): Accepted => ({
    ...document,
    revision: notice?.references?.length ?? 0,
    signers: tally(document, keyset, need),
  })
  if (!notice) {
    must(Number(contacts?.version) > (holding.cards?.contacts?.version ?? 0), known)
    holding.cards = accept(policy.thresholds?.contacts || 2)
    return holding.cards
  }
  const { taken, threads } = holding
  const { identifier, msgType, references, info } = notice
  must(!taken.has(hash) && !taken.has(identifier), known)
  must(linksFit(notice, policy))
  const [first] = references ?? []
  const id = first?.split(',')[1] ?? identifier
  const thread = threads.get(id)
  let need = needOf(notice, policy)
  if (first) {
    const alert = thread?.alert.notice
    must(alert && [alert.sender, id, alert.sent].join() === first)
    must(audience(alert) === audience(notice))
    // Making a notice milder does not make it cheaper. A Cancel that says nothing is.
    if (msgType === 'Update' || info?.[0]) need = Math.max(need, thread?.need ?? 0)
  }
  const message = accept(need)
  taken.add(hash).add(identifier)
  threads.set(id, {
    ...extend(thread, message),
    need: thread && msgType === 'Cancel' ? thread.need : need,
  })
  return message
}

/** What no message of a thread may change: to whom it goes, and how it is meant. */
function audience({ status, scope, restriction = '', addresses }: Notice): string {
  return JSON.stringify([status, scope, restriction, [...new Set(addresses)].sort()])
}
