import { clock } from '../ui/clock.js'
import { count } from '../ui/count.js'
import type { Blocked, Posture } from './open.js'

export const publicAnyway = 'Public notices reach everybody, whatever the posture.'

/** How many digits of a pseudonym name it, as `tocsin posture show` prints it. */
export const shortHash = 16

/** A change in words: what begins, what ends, what stays. */
export interface Change {
  readonly begins: readonly string[]
  readonly ends: readonly string[]
  readonly stays: readonly string[]
}

/** What a posture does and to whom, in a fixed order, so that two can be compared. */
export function postureEffects(posture: Posture | null): string[] {
  if (posture === null) return []
  const list: string[] = []
  if (posture.incident === true) {
    list.push(
      'An incident is declared: the nodes put off work that does not serve the crisis. Nobody sees less.',
    )
  }
  for (const [issuer, blocked] of sorted(posture.issuerBlocked)) {
    list.push(blockedWords(issuer, blocked))
  }
  for (const [issuer, at] of sorted(posture.tokensNotBefore)) {
    list.push(
      `Logins at ${issuer} from before ${clock(at)} are void: these people still see restricted notices on a device that knows them, and private ones once they have logged in anew.`,
    )
  }
  if ((posture.ticketEpoch ?? 0) > 0) {
    list.push(
      `Tickets of epochs before ${posture.ticketEpoch} are void: who is not logged in sees public notices only; who is gets a new ticket unasked.`,
    )
  }
  return list
}

/** A posture in a few words. After the all clear there is no incident, though some stays void. */
export function postureInShort(posture: Posture | null): string {
  if (posture?.incident) return 'Incident'
  const effects = postureEffects(posture).length + (posture?.revoked ?? []).length
  return effects > 0 ? 'Some things are void' : 'Nothing is void'
}

function blockedWords(issuer: string, blocked: Blocked): string {
  if (blocked.until !== undefined) {
    return `${issuer} is believed again since ${clock(blocked.until)}. Logins from before that are void, and so are tickets earned from ${clock(blocked.since)} on until then.`
  }
  return `${issuer} is blocked: no login there counts, so nobody who logs in there sees private notices. Devices that knew their owner before ${clock(blocked.since)} still see restricted ones; tickets earned later are void.`
}

function revokedSentences(posture: Posture | null): string[] {
  return (posture?.revoked ?? []).map(
    (r) =>
      `Revoked until ${clock(r.until)}: ${r.hash.slice(0, shortHash)}… (one person or login), who sees public notices only.`,
  )
}

/** What changes from one posture to another; null is that none was in force. */
export function postureChange(from: Posture | null, to: Posture): Change {
  const before = [...postureEffects(from), ...revokedSentences(from)]
  const after = [...postureEffects(to), ...revokedSentences(to)]
  const begins = after.filter((s) => !before.includes(s))
  const ends = before.filter((s) => !after.includes(s))
  const stays = postureEffects(to).filter((s) => !begins.includes(s))
  const revoked = after.length - begins.length - stays.length
  // Hundreds would hide what changes.
  if (revoked > 0)
    stays.push(`Revoked as before: ${count(revoked, 'person or login', 'people and logins')}.`)
  return { begins, ends, stays }
}

function sorted<T>(record: Readonly<Record<string, T>> | undefined): [string, T][] {
  return Object.entries(record ?? {}).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}
