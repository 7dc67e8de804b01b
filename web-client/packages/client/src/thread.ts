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
 * The thread with one more message; without a thread, one that begins with its Alert. Nothing
 * depends on the order in which they came. A Cancel is final: what follows it changes nothing.
 */
export function extend(thread: Thread | undefined, message: Accepted): Thread {
  const messages = [...(thread?.messages ?? []), message].sort(inOrder)
  const last = (cancel: boolean) =>
    messages.findLast(({ notice }) => (notice?.msgType === 'Cancel') === cancel)
  const [alert] = messages as [Accepted]
  const content = last(false) as Accepted
  const cancel = last(true)
  return { alert, content, current: cancel ?? content, cancelled: !!cancel, messages }
}

/** The higher revision is the later; of two alike, the one with the smaller hash. */
const inOrder = (a: Accepted, b: Accepted) => a.revision - b.revision || (a.hash < b.hash ? 1 : -1)
