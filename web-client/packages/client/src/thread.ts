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
 * The thread with one more message. Which one is current does not depend on the order in
 * which they came. A Cancel is final: what follows it changes nothing.
 */
export function extend(thread: Thread, message: Accepted): Thread {
  const messages = [...thread.messages, message]
  const { content, current, cancelled } = thread
  if (message.notice?.msgType === 'Cancel') {
    const wins = !cancelled || supersedes(message, current)
    return { ...thread, messages, cancelled: true, current: wins ? message : current }
  }
  const best = supersedes(message, content) ? message : content
  return { ...thread, messages, content: best, current: cancelled ? current : best }
}

/** Of two messages of one kind: the higher revision, then the smaller hash. */
function supersedes(a: Accepted, b: Accepted): boolean {
  return a.revision > b.revision || (a.revision === b.revision && a.hash < b.hash)
}
