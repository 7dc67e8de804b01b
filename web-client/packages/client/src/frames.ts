// What a node says (docs/protocol.md, "Node to client").

import type { Reach } from './memory.js'
import type { State, Tier } from './types.js'

export interface Entry {
  readonly type: 'entry'
  readonly seq: number
  readonly envelope: object
}

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
  | { readonly type: 'synced'; readonly cursor?: string }
  | (Sign & { readonly type: 'heartbeat'; readonly cursor?: string })
  | { readonly type: 'bye'; readonly reconnectAfterMs: readonly [from: number, to: number] }

export const tiers: readonly Tier[] = ['public', 'restricted', 'private']

const isText = (x: unknown) => typeof x === 'string'
const count = (x: unknown) => (x as number) >= 0
const object = (x: unknown) => `${x}` === '[object Object]'

type Check = (value: never) => boolean
const checks: Record<string, Check> = {
  session: (x: unknown) => !!x,
  tier: (x: Tier) => tiers.includes(x),
  labels: (x: unknown) => Array.isArray(x) && x.every(isText),
  auth: (x: State['auth']) => /^(ok|degraded|none)$/.test(x.state) && isText(x.reason ?? ''),
  resume: (x: string) => /^(replay|snapshot)$/.test(x),
  heartbeatMs: count,
  serverTime: (x: string) => Date.parse(x) > 0,
  source: (x: Source) => /^(live|stale)$/.test(x.state) && count(x.sinceMs),
  seq: count,
  envelope: object,
  reconnectAfterMs: (x: number[]) => x.length === 2 && count(x[0]) && (x[0] ?? 0) <= (x[1] ?? 0),
}

const terms = 'tier labels auth'
const sign = 'serverTime source'
const needs: Record<Frame['type'], string> = {
  welcome: `session ${terms} ${sign} resume heartbeatMs`,
  auth: terms,
  entry: 'seq envelope',
  synced: '',
  heartbeat: sign,
  bye: 'reconnectAfterMs',
}

/**
 * Reads a frame. Throws on one that is not what it says; undefined for one of a newer
 * version. Members that are not needed are not looked at.
 */
export function readFrame(text: string): Frame | undefined {
  const frame = JSON.parse(text)
  const need = needs[frame.type as Frame['type']]
  if (need === undefined) {
    if (!frame.type) throw 'type'
    return undefined
  }
  for (const name of need.split(' ')) if (name && !checks[name]?.(frame[name] as never)) throw name
  // It goes back to nodes, as it is: one that they can't read would keep the client out.
  const { cursor = '' } = frame
  if (!isText(cursor) || !/^([\da-f]{8}:\d{1,20}:[\da-f]{8})?$/.test(cursor)) throw 'cursor'
  return frame
}
