// What happens to the page, and what the tabs of its origin tell each other: public documents,
// and the names of sign-outs.

import { type Held, shared } from './memory.js'

export type Page = ReturnType<typeof listen>

/** Calls these until `stop`, which ends the channel to the other tabs, too. */
export function listen(
  /** Something may have changed that shows. */
  look: () => void,
  /** The reader is back. */
  wake: () => void,
  /** There is a network again, or none: `online`, `offline`. */
  network: (event: Event) => void,
  /** Another tab signed out. */
  signedOut: (out: string) => void,
  /** Another tab brought documents. */
  brought: (documents: Held[]) => void,
) {
  const listening = new AbortController()
  const on = (type: string, act: (event: Event) => void) =>
    globalThis.addEventListener?.(type, act, listening)
  const back = () => {
    look()
    if (!document.hidden) wake()
  }
  on('visibilitychange', back)
  on('pageshow', back)
  on('storage', look)
  on('online', network)
  on('offline', network)
  const channel = openChannel()
  if (channel)
    channel.onmessage = ({ data }) =>
      typeof data === 'string' ? signedOut(data) : brought([data].flat())
  return {
    tell: (documents: Held[]) => channel?.postMessage(documents),
    stop() {
      listening.abort()
      channel?.close()
    },
  }
}

const openChannel = () => globalThis.BroadcastChannel && new BroadcastChannel(shared)

/** Tells the other tabs of a sign-out; also when this one has stopped, and listens no more. */
export function tellTabs(out: string) {
  const channel = openChannel()
  channel?.postMessage(out)
  channel?.close()
}
