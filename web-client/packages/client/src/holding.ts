import type { Document } from './document.js'
import type { Accepted, Contacts, Keyset, Thread } from './model.js'
import { must } from './rule.js'
import { linksFit } from './rules.js'
import { needOf, tally } from './tally.js'
import { extend } from './thread.js'
import type { Notice } from './types.js'

/** What holds of the accepted documents under one keyset. Nothing void is in it. */
export interface Holding {
  /** The payloads and identifiers of notices. */
  readonly taken: Set<string>
  /** By the Alert's identifier, in the order of the Alerts. */
  readonly threads: Map<string, Thread & { readonly need: number }>
  contacts?: Contacts
  /** The entry of contacts. */
  cards?: Accepted
}

export const nothing = (): Holding => ({ taken: new Set(), threads: new Map() })

/**
 * Adds a document, standing behind what holds, if it passes all rules on the log's order
 * and its signatures suffice. Throws otherwise, and changes nothing.
 */
export function admit(holding: Holding, document: Document, keyset: Keyset): Accepted {
  const { notice, contacts } = document
  const policy = keyset.policy ?? {}
  if (!notice) {
    must(!(contacts && holding.contacts && contacts.version <= holding.contacts.version), 'version')
    const cards = accept(document, keyset, policy.thresholds?.contacts || 2)
    Object.assign(holding, { contacts, cards })
    return cards
  }
  const { taken, threads } = holding
  const { identifier, msgType, references = [], info = [] } = notice
  must(!taken.has(document.hash) && !taken.has(identifier), 'duplicate')
  must(linksFit(notice, policy), 'info.web')
  const [first] = references
  const id = first?.split(',')[1] ?? identifier
  const thread = threads.get(id)
  const own = needOf(notice, policy)
  let need = own
  if (first) {
    const alert = thread?.alert.notice
    must(alert && `${alert.sender},${alert.identifier},${alert.sent}` === first, 'reference')
    must(audience(alert) === audience(notice), 'thread')
    // Making a notice milder does not make it cheaper; a Cancel may be, if it says nothing.
    if (msgType === 'Update' || info.length) need = Math.max(own, thread?.need ?? 0)
  }
  const message = accept(document, keyset, need)
  taken.add(document.hash).add(identifier)
  threads.set(
    id,
    thread
      ? { ...extend(thread, message), need: msgType === 'Update' ? need : thread.need }
      : {
          alert: message,
          current: message,
          content: message,
          messages: [message],
          cancelled: false,
          need,
        },
  )
  return message
}

function accept(document: Document, keyset: Keyset, need: number): Accepted {
  const { entry, envelope, hash, notice } = document
  return {
    ...entry,
    ...tally(document, keyset, need),
    payloadType: envelope.payloadType,
    hash,
    ...(notice && { notice }),
    revision: notice?.references?.length ?? 0,
  }
}

/** What no message of a thread may change: to whom it goes, and how serious it is meant. */
function audience({ status, scope, restriction = '', addresses = [] }: Notice): string {
  return JSON.stringify([status, scope, restriction, [...new Set(addresses)].sort()])
}
