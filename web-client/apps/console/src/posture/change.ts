import { capTime } from '../desk/index.js'
import type { Blocked, Posture } from '../documents/open.js'

// How a posture is changed; the rules are those of `tocsin posture` (cmd/tocsin).

/** How long a ticket may live, and so how long the end of a block is remembered, in ms. */
const ticketLifeMs = 30 * 86_400_000
/** How long a revocation holds: longer than any ticket, in ms. */
export const revocationLifeMs = 31 * 86_400_000
/** How far ahead of this device's clock a time in the past may be, in ms. */
const leewayMs = 2 * 60_000

/** One thing to change. Times are ms since 1970; `since` null is now, or as an open block has it. */
export type Edit =
  | { readonly kind: 'login-down' }
  | { readonly kind: 'keys-stolen'; readonly issuer: string; readonly since: number | null }
  | { readonly kind: 'everyone-reset'; readonly issuer: string; readonly at: number }
  | { readonly kind: 'clear' }
  | { readonly kind: 'incident'; readonly on: boolean }
  | { readonly kind: 'unblock'; readonly issuer: string }
  | { readonly kind: 'next-ticket-epoch' }
  | { readonly kind: 'revoke'; readonly hashes: readonly string[]; readonly until: number }
  | { readonly kind: 'unrevoke'; readonly hash: string }

/** A time that lies ahead would void what is made until then. */
export function liesAhead(at: number, now: number): boolean {
  return at > now + leewayMs
}

/**
 * The posture after the one in force (null: none): its next version, without what has
 * lapsed, and with the edit. It throws if the edit can't be made.
 */
export function edited(held: Posture | null, edit: Edit, note: string, now: number): Posture {
  const base = next(held, now)
  const after = apply(base, edit, now)
  return { ...compact(after), version: base.version, sent: capTime(new Date(now)), note }
}

function next(held: Posture | null, now: number): Posture {
  if (held === null) return { version: 1, sent: '' }
  return {
    ...held,
    version: held.version + 1,
    issuerBlocked: where(held.issuerBlocked, ({ until }) => {
      return until === undefined || Date.parse(until) + ticketLifeMs >= now
    }),
    revoked: held.revoked?.filter((r) => Date.parse(r.until) > now),
  }
}

function apply(posture: Posture, edit: Edit, now: number): Posture {
  switch (edit.kind) {
    case 'login-down':
      return { ...posture, incident: true }
    case 'incident':
      return { ...posture, incident: edit.on }
    case 'keys-stolen': {
      const blocked = block(posture.issuerBlocked?.[edit.issuer], edit.since, now)
      return {
        ...posture,
        incident: true,
        issuerBlocked: { ...posture.issuerBlocked, [edit.issuer]: blocked },
      }
    }
    case 'everyone-reset': {
      const at = capTime(new Date(edit.at))
      return { ...posture, tokensNotBefore: { ...posture.tokensNotBefore, [edit.issuer]: at } }
    }
    case 'unblock': {
      const blocked = posture.issuerBlocked?.[edit.issuer]
      if (blocked === undefined || blocked.until !== undefined) {
        throw new Error(`${edit.issuer} is not blocked`)
      }
      const issuerBlocked = { ...posture.issuerBlocked, [edit.issuer]: ended(blocked, now) }
      return { ...posture, issuerBlocked }
    }
    case 'next-ticket-epoch':
      return { ...posture, ticketEpoch: (posture.ticketEpoch ?? 0) + 1 }
    case 'revoke': {
      const until = capTime(new Date(edit.until))
      const others = (posture.revoked ?? []).filter((r) => !edit.hashes.includes(r.hash))
      return { ...posture, revoked: [...others, ...edit.hashes.map((hash) => ({ hash, until }))] }
    }
    case 'unrevoke': {
      const revoked = posture.revoked?.filter((r) => r.hash !== edit.hash)
      return { ...posture, revoked }
    }
    case 'clear':
      return cleared(posture, now)
  }
}

/** A block since a time. What an earlier block, that has ended, keeps out stays out. */
function block(before: Blocked | undefined, since: number | null, now: number): Blocked {
  if (before !== undefined && before.until === undefined) {
    return since === null ? before : { since: capTime(new Date(since)) }
  }
  const earlier = before === undefined ? Number.POSITIVE_INFINITY : Date.parse(before.since)
  return { since: capTime(new Date(Math.min(earlier, since ?? now))) }
}

function ended(blocked: Blocked, now: number): Blocked {
  const until = Math.max(now, Date.parse(blocked.since) + 1000)
  return { since: blocked.since, until: capTime(new Date(until)) }
}

/**
 * Lifts what holds, but for what a thief may hold: tickets of earlier epochs, and what
 * was made while an issuer's keys were in wrong hands.
 */
function cleared(posture: Posture, now: number): Posture {
  const { tokensNotBefore: _, revoked: __, incident: ___, ...rest } = posture
  const blocks = Object.entries(posture.issuerBlocked ?? {}).map(([issuer, blocked]) => {
    return [issuer, blocked.until === undefined ? ended(blocked, now) : blocked] as const
  })
  return { ...rest, issuerBlocked: Object.fromEntries(blocks) }
}

/** Leaves out what says nothing, as Go's encoder does. */
function compact(posture: Posture): Posture {
  const said = Object.entries(posture).filter(([, value]) => {
    if (value === undefined || value === false || value === 0) return false
    return typeof value !== 'object' || Object.keys(value).length > 0
  })
  return Object.fromEntries(said) as Posture
}

function where<T>(
  record: Readonly<Record<string, T>> | undefined,
  keep: (value: T) => boolean,
): Record<string, T> | undefined {
  if (record === undefined) return undefined
  return Object.fromEntries(Object.entries(record).filter(([, value]) => keep(value)))
}
