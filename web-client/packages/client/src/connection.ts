// One connection to a node, made again for as long as it is wanted. It never gives up.
//
// One time limit is in force at any moment: for the attempt, for the welcome, for the next
// sign of life, or until the next attempt. It is held against both clocks once a second, so
// it is also kept in a machine that slept, where timers come late. A socket that is not
// `socket` any more has no say: some networks close one minutes after it was given up.

import { elapsed, moment } from './clock.js'

/** Bounds every wait before an attempt (docs/protocol.md, "Connecting"). */
const longestWait = 60_000
const dialLimit = 10_000
const shortestHeartbeat = 5000

/** Why there is no connection: it is wanted so, for now or for good, or what went wrong. */
export type Trouble = 'connecting' | 'silent' | 'offline'

export interface Wanted {
  /** An attempt begins. */
  dialling(): void
  /** The socket is open. */
  opened(): void
  /** A text frame came. */
  message(text: string): void
  /** The session, or the attempt, is over. */
  ended(why: Trouble): void
  /** Every second or so. */
  tick(): void
}

export type Connection = ReturnType<typeof keepConnected>

export function keepConnected(address: string, to: Wanted) {
  let running = true
  let socket: WebSocket | undefined
  let since = moment()
  let limit = 0
  let began = since
  let failures = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const late = () => elapsed(since) > limit
  const within = (ms: number) => {
    since = moment()
    limit = ms
  }

  const backoff = () => Math.random() * Math.min(1000 * 2 ** failures++, longestWait)

  /** Ends the session, if there is one; the next attempt comes after `wait`. */
  const drop = (wait?: number) => {
    const why = wait !== undefined ? 'connecting' : late() ? 'silent' : 'offline'
    const old = socket
    socket = undefined
    within(Math.min(wait ?? backoff(), longestWait))
    try {
      old?.close()
    } catch {}
    to.ended(why)
    tick()
  }

  const dial = () => {
    began = moment()
    within(dialLimit)
    to.dialling()
    try {
      const mine = new WebSocket(address, 'tocsin.v1')
      socket = mine
      const ifMine = (act: () => void) => () => mine === socket && act()
      mine.onopen = ifMine(() => {
        within(dialLimit)
        to.opened()
      })
      mine.onclose = mine.onerror = ifMine(drop)
      mine.onmessage = ({ data }) =>
        ifMine(() => {
          since = moment()
          to.message(data)
        })()
    } catch {
      drop() // of an address that the page may not connect to, for example
    }
  }

  const tick = () => {
    clearTimeout(timer)
    if (!running) return
    if (elapsed(since) >= limit) socket ? drop() : dial()
    to.tick()
    clearTimeout(timer)
    timer = setTimeout(tick, Math.min(1000, Math.max(0, limit - elapsed(since))))
  }
  tick()

  /** Connects at once: there is reason to hope. */
  const retry = () => {
    failures = 0
    drop(0)
  }

  return {
    drop,
    /** Whether the node has said nothing for too long, or there is no connection. */
    late: () => !socket || late(),
    /** Bounds silence from here on: two heartbeats and what networks are late. */
    expect(heartbeatMs: number) {
      limit = 2 * Math.min(Math.max(heartbeatMs, shortestHeartbeat), 60_000) + 2000
    },
    /** The next failure is the first again, unless this session is too young to tell. */
    worked() {
      if (elapsed(began) > shortestHeartbeat) failures = 0
    },
    /** Ends the session as the node asks. One that asks time and again is asked less often. */
    leave(wait: number) {
      drop(Math.max(wait, failures ? backoff() : failures++))
    },
    retry,
    /** The user is back: connects at once unless a sign of life is fresh. */
    wake() {
      if (!socket || elapsed(since) > limit / 2 + 1000) retry()
    },
    send(frame: object) {
      socket?.send(JSON.stringify(frame))
    },
    stop() {
      running = false
      drop(0)
    },
  }
}
