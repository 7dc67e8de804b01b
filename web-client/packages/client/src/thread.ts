import { instant } from './datetime.js'
import type { Accepted, Phase, Thread } from './model.js'

/** How long a cancelled notice shows as withdrawn, in ms. */
const withdrawnFor = 864e5

/** How a thread shows at `now`, in ms of server time. */
export function phaseOf({ current, cancelled }: Thread, now: number): Phase {
  const { sent, info } = current.notice ?? {}
  if (cancelled) return now < instant(sent) + withdrawnFor ? 'withdrawn' : 'over'
  return now < instant(info?.[0]?.expires) ? 'active' : 'over'
}

/**
 * The thread with one more message; without a thread, one that begins. Which message is
 * current does not depend on the order in which they came. A Cancel is final: what
 * follows it changes nothing.
 */
export function extend(thread: Thread | undefined, message: Accepted): Thread {
  const { alert, content, current, cancelled, messages } = thread ?? {
    alert: message,
    content: message,
    current: message,
    cancelled: false,
    messages: [],
  }
  const cancels = message.notice?.msgType === 'Cancel'
  const best = cancels ? content : newer(message, content)
  return {
    alert,
    content: best,
    current: cancels ? (cancelled ? newer(message, current) : message) : cancelled ? current : best,
    cancelled: cancelled || cancels,
    messages: [...messages, message],
  }
}

/** Of two messages of one kind: the higher revision, then the smaller hash. */
function newer(a: Accepted, b: Accepted): Accepted {
  return (a.revision - b.revision || (a.hash < b.hash ? 1 : -1)) > 0 ? a : b
}
