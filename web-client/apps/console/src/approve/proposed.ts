import type { Notice } from '@tocsin/client'
import { noticeType, type Proposal } from '../desk/index.js'
import { openProposal } from '../documents/open.js'
import { noticeIn } from '../notice/thread.js'

/** What waits under a name, as it was read here. */
export type Proposed =
  | { readonly kind: 'notice'; readonly notice: Notice }
  | { readonly kind: 'document' }
  /** Readers would refuse it, or it is not what the page's address names. */
  | { readonly kind: 'unreadable' }

/** Reads the bytes that would be signed; what the desk says beside them decides nothing. */
export function readProposed(identifier: string, { envelope }: Proposal): Proposed {
  if (envelope.payloadType === noticeType) {
    const notice = noticeIn(envelope)
    return notice?.identifier === identifier ? { kind: 'notice', notice } : { kind: 'unreadable' }
  }
  return { kind: openProposal(identifier, envelope) ? 'document' : 'unreadable' }
}

/** The identifiers of CAP's references, "sender,identifier,sent" each; null for none. */
export function referencesOf(notice: Notice): [string, ...string[]] | null {
  const [first, ...rest] = (notice.references ?? []).map((one) => one.split(',')[1] ?? '')
  return first ? [first, ...rest] : null
}
