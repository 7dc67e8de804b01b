// What a page sees of what is known.

import { instant, isTime } from './datetime.js'
import type { Contacts, Thread } from './model.js'
import type { ContactCard, Notice, Severity, ShownNotice } from './seen.js'
import { phaseOf } from './thread.js'

const gravest: readonly (Severity | undefined)[] = ['Extreme', 'Severe', 'Moderate', 'Minor']
const rank = ({ notice }: ShownNotice) => (gravest.indexOf(notice.info?.[0]?.severity) + 5) % 5

const date = (text: string | undefined) => (isTime(text) ? new Date(text as string) : null)

/**
 * The same without characters that turn text around (UAX #9: embeddings, overrides, isolates),
 * by which a number reads otherwise than it is signed. What needs a direction has an element.
 */
const straight = <T>(read: T): T =>
  JSON.parse(JSON.stringify(read).replace(/[\u202a-\u202e\u2066-\u2069]/g, ''))

/** The cards to show. */
export const cardsOf = (contacts: Contacts | undefined): ContactCard[] =>
  straight(contacts?.cards ?? []).map((card) => ({ audience: '', ...card }))

/** What is the same for notices that show alike. */
const nameOf = (n: ShownNotice) =>
  `${[n.hash, n.phase, n.mayHaveEnded, n.history.length, n.signers]}`

/**
 * The threads to show, the gravest first, then the newest. `now` may hide what is over;
 * `guess` only marks it. What showed alike before is the same object.
 */
export function show(
  threads: readonly Thread[],
  now: number,
  guess: number,
  before: readonly ShownNotice[] = [],
): ShownNotice[] {
  const known = new Map(before.map((n) => [nameOf(n), n]))
  // It is later than that: somebody has signed it.
  const least = Math.max(...threads.map(({ current }) => instant(current.notice?.sent)))
  return threads
    .flatMap((thread): ShownNotice[] => {
      const { alert, current, content, messages, cancelled } = thread
      const phase = phaseOf(thread, Math.max(now, least))
      const notice = content.notice as Notice
      const { expires, parameter } = notice.info?.[0] ?? {}
      const decides = current.notice as Notice
      if (phase === 'over') return []
      return [
        {
          identifier: (alert.notice as Notice).identifier,
          revision: current.revision,
          hash: current.hash,
          phase,
          mayHaveEnded: phaseOf(thread, Math.max(guess, least)) !== phase,
          notice,
          current: decides,
          history: messages.map((m) => m.notice as Notice),
          sent: date(notice.sent) as Date,
          expires: date(expires),
          nextUpdateBy: date(parameter?.find((p) => p.valueName === 'nextUpdateBy')?.value),
          withdrawnAt: cancelled ? date(decides.sent) : null,
          withdrawnNote: (cancelled && decides.note) || '',
          signers: current.signers,
        },
      ]
    })
    .map((n) => {
      const { notice, current, history, withdrawnNote } = n
      const texts = { notice, current, history, withdrawnNote }
      return known.get(nameOf(n)) ?? { ...n, ...straight(texts) }
    })
    .sort((a, b) => rank(a) - rank(b) || +b.sent - +a.sent)
}
