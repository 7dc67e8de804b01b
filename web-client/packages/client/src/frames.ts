// What a node says (docs/protocol.md, "Node to client").

import type { Held, Reach } from './memory.js'
import type { State, Tier } from './seen.js'

export interface Entry {
  readonly type: 'entry'
  readonly seq: number
  readonly envelope: object
}

export const heldOf = ({ seq, envelope }: Entry): Held => ({ seq, body: envelope })

export interface Auth extends Reach {
  readonly type: 'auth'
  readonly auth: State['auth']
  readonly ticket?: unknown
}

export interface Source {
  readonly state: 'live' | 'stale'
  /** How long ago the node was live. */
  readonly sinceMs: number
}

interface Sign {
  readonly serverTime: string
  readonly source: Source
}

/** Up to where all was sent, and what a desk signed of the log, if the node has either. */
export interface Reached {
  readonly cursor?: string
  readonly head?: unknown
}

export type Welcome = Omit<Auth, 'type'> &
  Sign & {
    readonly type: 'welcome'
    readonly resume: 'replay' | 'snapshot'
    readonly heartbeatMs: number
  }

export type Frame =
  | Welcome
  | Auth
  | Entry
  | (Reached & { readonly type: 'synced' })
  | (Reached & Sign & { readonly type: 'heartbeat' })
  | { readonly type: 'bye'; readonly reconnectAfterMs: readonly [from: number, to: number] }

export const tiers: readonly Tier[] = ['public', 'restricted', 'private']

const isText = (x: unknown) => typeof x === 'string'
const count = (x: unknown) => Number.isFinite(x) && (x as number) >= 0
/** In ms since 1970. A clock may be wrong; one that is in another century is not believed. */
const instant = (x: unknown) => count(x) && (x as number) < 4e12
const text =
  (form: RegExp) =>
  (x: unknown = '') =>
    isText(x) && form.test(x as string)

type Check = (value: never) => boolean
const checks: Record<string, Check> = {
  tier: (x: Tier) => tiers.includes(x),
  labels: (x: unknown) => Array.isArray(x) && x.every(isText),
  auth: (x: State['auth']) => /^(ok|degraded|none)$/.test(x.state) && isText(x.reason ?? ''),
  // These go back to nodes, as they are: what a node can't read would keep the client out.
  ticket: text(/^[\w-]{0,6000}$/),
  cursor: text(/^([\da-f]{8}:\d{1,20}:[\da-f]{8})?$/),
  resume: (x: string) => /^(replay|snapshot)$/.test(x),
  heartbeatMs: count,
  serverTime: (x: string) => instant(Date.parse(x)),
  source: (x: Source) => /^(live|stale)$/.test(x.state) && count(x.sinceMs),
  seq: count,
  envelope: (x: unknown) => x === Object(x),
  reconnectAfterMs: ([from, to]: [number, number]) => count(from) && count(to - from),
  // What is kept on the device.
  live: instant,
  time: instant,
  held: Array.isArray,
  reach: (x?: Reach) => !x || (isSound(x, 'tier labels') && count(x.version ?? 0)),
}

/** Whether those members of an object are of their form. What none needs is not looked at. */
export const isSound = (x: object, members: string) =>
  members.split(' ').every((name) => checks[name]?.((x as Record<string, never>)[name] as never))

const terms = 'tier labels auth'
const sign = 'serverTime source'
const needs: Record<Frame['type'], string> = {
  welcome: `${terms} ${sign} resume heartbeatMs`,
  auth: terms,
  entry: 'seq envelope',
  synced: 'cursor',
  heartbeat: `${sign} cursor`,
  bye: 'reconnectAfterMs',
}

/** Reads a frame. Throws on one that is not what it says; undefined for one of a newer version. */
export function readFrame(text: string): Frame | undefined {
  const frame = JSON.parse(text)
  const need = needs[frame.type as Frame['type']]
  if (!need && frame.type) return undefined
  if (!isSound(frame, need as string)) throw need
  return frame
}
