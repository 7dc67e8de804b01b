// What a page sees of what is known.

import { instant } from './datetime.js'
import type { Thread } from './model.js'
import { phaseOf } from './thread.js'
import type { Notice, Severity, ShownNotice, State } from './types.js'

const gravest: readonly (Severity | undefined)[] = ['Extreme', 'Severe', 'Moderate', 'Minor']
const rank = ({ notice }: ShownNotice) => (gravest.indexOf(notice.info?.[0]?.severity) + 5) % 5

/** The values of a parameter, in whichever block. */
export const parameters = (notice: Notice, name: string): string[] =>
  (notice.info ?? []).flatMap((info) =>
    (info.parameter ?? []).filter((p) => p.valueName === name).map((p) => p.value),
  )

const date = (text: string | undefined) => {
  const ms = instant(text)
  return Number.isNaN(ms) ? null : new Date(ms)
}

const nameOf = (n: ShownNotice) => [
  n.identifier,
  n.hash,
  n.phase,
  n.mayHaveEnded,
  n.history.length,
  n.signers,
]

/**
 * The threads to show, the gravest first, then the newest. One that is the same as in
 * `before` is the same object. `now` may hide what is over; `guess` only marks it.
 */
export function show(
  threads: readonly Thread[],
  now: number,
  guess: number,
  before: readonly ShownNotice[],
): ShownNotice[] {
  return threads
    .flatMap((thread): ShownNotice[] => {
      const { alert, current, content, messages, cancelled } = thread
      const phase = phaseOf(thread, now)
      const notice = content.notice as Notice
      const decides = current.notice as Notice
      if (phase === 'over') return []
      const shown: ShownNotice = {
        identifier: (alert.notice as Notice).identifier,
        revision: current.revision,
        hash: current.hash,
        phase,
        mayHaveEnded: phaseOf(thread, guess) !== phase,
        notice,
        current: decides,
        history: messages.map((m) => m.notice as Notice),
        sent: date(notice.sent) as Date,
        expires: date(notice.info?.[0]?.expires),
        nextUpdateBy: date(parameters(notice, 'nextUpdateBy')[0]),
        withdrawnAt: cancelled ? date(decides.sent) : null,
        withdrawnNote: (cancelled && decides.note) || '',
        signers: current.signers,
      }
      const name = `${nameOf(shown)}`
      return [before.find((b) => `${nameOf(b)}` === name) ?? shown]
    })
    .sort((a, b) => rank(a) - rank(b) || +b.sent - +a.sent)
}

/** Equal for states that show the same. While it is live, `since` moves all the time. */
export const summary = (state: State) =>
  JSON.stringify({
    ...state,
    notices: state.notices.map(nameOf),
    freshness: state.freshness.state === 'live' || state.freshness,
  })

/** The identifier of the thread's Alert. */
export const threadOf = (notice: Notice) =>
  notice.references?.[0]?.split(',')[1] ?? notice.identifier
