// A node's frames, as docs/protocol.md has them.

import { t0 } from './clinic.js'

export const welcome = (change: object = {}) => ({
  type: 'welcome',
  session: 's1',
  tier: 'public',
  labels: [],
  auth: { state: 'none' },
  resume: 'snapshot',
  heartbeatMs: 15_000,
  serverTime: new Date(t0).toISOString(),
  source: { state: 'live', sinceMs: 0 },
  ...change,
})

export const heartbeat = (change: object = {}) => ({
  type: 'heartbeat',
  serverTime: new Date(t0 + 1000).toISOString(),
  source: { state: 'live', sinceMs: 0 },
  ...change,
})

export const entry = (seq: number, body: string) =>
  `{"type":"entry","seq":${seq},"envelope":${body}}`
export const cursor = (seq: number, epoch = '0a1b2c3d') => `${epoch}:${seq}:89abcdef`
export const synced = (seq?: number) => ({
  type: 'synced',
  ...(seq ? { cursor: cursor(seq) } : {}),
})
