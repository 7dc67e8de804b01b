// What a desk says of the log: signed by its beacon key every few seconds, outside the log.

import { instant, isTime } from './datetime.js'
import { sha256hex } from './envelope.js'
import { version } from './keyset.js'
import type { Key, Keyset, SignedHead, Thread } from './model.js'
import { must } from './rule.js'
import type { Notice } from './seen.js'
import { fits, within } from './shape.js'
import type { Line } from './standing.js'
import { extend, phaseOf } from './thread.js'
import { isPublic } from './visible.js'

export interface Head extends Omit<SignedHead, 'time'> {
  /** When it was signed, in ms since 1970. */
  readonly time: number
  /** Who signed it. */
  readonly keyid: string
}

const head = {
  epoch: /^[\da-f]{8}$/,
  seq: within(1, 2 ** 53 - 1),
  time: isTime,
  keysetVersion: version,
  board: /^[\da-f]{64}$/,
} as const

/** Checks a head by itself. Throws. */
export const checkHead = (read: unknown): void => must(fits(read, head))

/** The keys that sign heads; they sign nothing else. */
export const beaconsOf = ({ keys = [] }: Keyset) => keys.filter((k) => k.roles[0] === 'beacon')

export const isValid = ({ notBefore, notAfter }: Key, at: number) =>
  instant(notBefore) <= at && at <= instant(notAfter)

/**
 * The hash of what held at an entry and a time, of what every session gets, whatever it proves
 * or claims: of the sorted hashes of the messages that decided, each with a line feed behind it.
 */
export function boardOf(
  threads: readonly Thread[],
  { at }: Line,
  { seq, time }: Pick<Head, 'seq' | 'time'>,
): Promise<string> {
  const lines = threads.flatMap(({ messages, alert }) => {
    const then = messages
      .filter(({ hash }) => (at.get(hash) ?? Infinity) <= seq)
      .reduce<Thread | undefined>((thread, message) => extend(thread, message), undefined)
    const notice = alert.notice as Notice
    const isForAll = isPublic(notice) && !notice.addresses?.[0]
    return isForAll && then?.alert === alert && phaseOf(then, time) === 'active'
      ? [`${then.current.hash}\n`]
      : []
  })
  return sha256hex(new TextEncoder().encode(lines.sort().join('')))
}
