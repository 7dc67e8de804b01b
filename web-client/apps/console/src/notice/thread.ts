import type { Notice } from '@tocsin/client'
import { checkNotice, fromBase64, parseStrict } from '@tocsin/client/verify'
import type { Thread as DeskThread, SignedEnvelope } from '../desk/index.js'

/** The bytes of an envelope's document. */
export function payloadIn(envelope: SignedEnvelope): Uint8Array<ArrayBuffer> {
  return fromBase64(envelope.payload)
}

/** The notice in an envelope, read as strictly as readers do; null for what they would refuse. */
export function noticeIn(envelope: SignedEnvelope | undefined): Notice | null {
  if (!envelope) return null
  try {
    const read = parseStrict(payloadIn(envelope))
    checkNotice(read)
    return read
  } catch {
    return null
  }
}

/** The messages of a thread, in the log's order. */
export function noticesOf(thread: DeskThread): Notice[] {
  return (thread.messages ?? [])
    .map((message) => noticeIn(message.envelope))
    .filter((notice): notice is Notice => notice !== null)
}

/** What a thread shows: its newest message with words, since a Cancel has only a note. */
export function contentOf(thread: DeskThread): Notice | null {
  const current = noticeIn(thread.current?.envelope)
  if (current?.info?.length) return current
  return noticesOf(thread).findLast((notice) => (notice.info?.length ?? 0) > 0) ?? current
}
