// What a page sees of what is known.

import { instant } from './datetime.js'
import type { Thread } from './model.js'
import { phaseOf } from './thread.js'
import type { Notice, Severity, ShownNotice } from './types.js'

const gravest: readonly (Severity | undefined)[] = ['Extreme', 'Severe', 'Moderate', 'Minor']
const rank = ({ notice }: ShownNotice) => (gravest.indexOf(notice.info?.[0]?.severity) + 5) % 5

const date = (text: string | undefined) => {
  const ms = instant(text)
  return ms < Infinity ? new Date(ms) : null
}

/**
 * The threads to show, the gravest first, then the newest. `now` may hide what is over;
 * `guess` only marks it.
 */
export function show(threads: readonly Thread[], now: number, guess: number): ShownNotice[] {
  return threads
    .flatMap((thread): ShownNotice[] => {
      const { alert, current, content, messages, cancelled } = thread
      const phase = phaseOf(thread, now)
      const notice = content.notice as Notice
      const decides = current.notice as Notice
      if (phase === 'over') return []
      return [
        {
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
          nextUpdateBy: date(
            notice.info?.[0]?.parameter?.find((p) => p.valueName === 'nextUpdateBy')?.value,
          ),
          withdrawnAt: cancelled ? date(decides.sent) : null,
          withdrawnNote: (cancelled && decides.note) || '',
          signers: current.signers,
        },
      ]
    })
    .sort((a, b) => rank(a) - rank(b) || +b.sent - +a.sent)
}
