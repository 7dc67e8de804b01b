import type { Info, Notice, Pair } from '@tocsin/client'
import { capTime } from '../desk/index.js'
import { addressesOf, restrictionOf, scopeOf } from './audience.js'
import { type Draft, gravityOf } from './draft.js'
import { fill } from './fill.js'
import { templateOf } from './templates/index.js'

/** What a message is called: who sends it, and when by the desk's clock. */
export interface Identity {
  readonly identifier: string
  readonly sender: string
  readonly now: Date
}

/** The thread that an Update or Cancel continues. */
export interface Thread {
  readonly alert: Notice
  /** Every message that the desk holds of the thread, the Alert first. */
  readonly messages: readonly Notice[]
}

/** CAP's name for who sends: the key's owner at the desk's host. */
export function senderOf(owner: string, host: string): string {
  return `${owner}@${host}`.toLowerCase()
}

/** A message as CAP's references name it. */
export function referenceTo(notice: Notice): string {
  return `${notice.sender},${notice.identifier},${notice.sent}`
}

/** The notice that a complete draft means; of a thread, its Update. */
export function noticeFrom(draft: Draft, identity: Identity, thread?: Thread): Notice {
  const { audience, status } = draft
  const gravity = gravityOf(draft)
  if (!audience || !status || !gravity) throw new Error('the draft is not complete')
  const { now } = identity
  const expires = capTime(new Date(now.getTime() + draft.lastsHours * 3_600_000))
  const template = templateOf(draft.template ?? '')
  const kept =
    draft.template === 'own' ? thread?.messages.findLast(({ info }) => info)?.info?.[0] : undefined
  const { category, responseType } = kept ?? template
  const parameter = parametersOf(draft, now)
  const info = draft.texts.map((texts): Info => {
    const words = fill(texts, draft.values, texts.language)
    return {
      language: texts.language,
      category,
      event: words.event || words.headline,
      ...(responseType && { responseType }),
      ...gravity,
      expires,
      ...present('senderName', draft.values.clinic),
      ...present('headline', words.headline),
      ...present('description', words.description),
      ...present('instruction', words.instruction),
      ...present('web', draft.link),
      ...present('contact', draft.values.telephone),
      ...(parameter.length > 0 && { parameter }),
    }
  })
  const audienceMembers = thread
    ? audienceKept(thread.alert)
    : {
        status,
        scope: scopeOf(audience),
        ...present('restriction', restrictionOf(audience)),
        ...(audience.kind !== 'everyone' && { addresses: addressesOf(audience) }),
      }
  return {
    identifier: identity.identifier,
    sender: identity.sender,
    sent: capTime(now),
    msgType: thread ? 'Update' : 'Alert',
    ...audienceMembers,
    ...present('note', draft.note),
    ...(thread && { references: thread.messages.map(referenceTo) }),
    info,
  }
}

/** The Cancel of a thread: a note and nothing else, so that one person can send it. */
export function cancelOf(thread: Thread, note: string, identity: Identity): Notice {
  return {
    identifier: identity.identifier,
    sender: identity.sender,
    sent: capTime(identity.now),
    msgType: 'Cancel',
    ...audienceKept(thread.alert),
    note,
    references: thread.messages.map(referenceTo),
  }
}

/** The bytes that are signed, and shown on demand. */
export function payloadOf(notice: Notice): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(notice))
}

/** What an Update or Cancel has of its Alert, and may not change. */
function audienceKept(
  alert: Notice,
): Pick<Notice, 'status' | 'scope' | 'restriction' | 'addresses'> {
  return {
    status: alert.status,
    scope: alert.scope,
    ...(alert.restriction !== undefined && { restriction: alert.restriction }),
    ...(alert.addresses !== undefined && { addresses: alert.addresses }),
  }
}

function parametersOf(draft: Draft, now: Date): Pair[] {
  const pairs: Pair[] = []
  if (draft.pauseBooking) pairs.push({ valueName: 'directive', value: 'pause-booking' })
  if (draft.nextUpdateMinutes > 0) {
    const at = new Date(now.getTime() + draft.nextUpdateMinutes * 60_000)
    pairs.push({ valueName: 'nextUpdateBy', value: capTime(at) })
  }
  return pairs
}

function present<K extends string>(name: K, text: string): { [N in K]?: string } {
  const trimmed = text.trim()
  return (trimmed ? { [name]: trimmed } : {}) as { [N in K]?: string }
}
