// What states and notices are compared by, and asked for.

import type { Notice, ShownNotice, State } from './types.js'

/** Before anything is known. */
export const unknown: State = {
  notices: [],
  contacts: [],
  tier: 'public',
  auth: { state: 'none' },
  freshness: { state: 'connecting', since: null, reason: 'connecting' },
  ready: false,
  keysetExpired: false,
}

/** The values of a parameter, in whichever block. */
export const parameters = (notice: Notice, name: string): string[] =>
  (notice.info ?? []).flatMap((info) =>
    (info.parameter ?? []).filter((p) => p.valueName === name).map((p) => p.value),
  )

const nameOf = (n: ShownNotice) => [
  n.identifier,
  n.hash,
  n.phase,
  n.mayHaveEnded,
  n.history.length,
  n.signers,
]

/** Of what shows the same as before, the same objects, and the same array. */
export function reuse(now: readonly ShownNotice[], before: readonly ShownNotice[]) {
  const known = new Map(before.map((n) => [`${nameOf(n)}`, n]))
  const notices = now.map((n) => known.get(`${nameOf(n)}`) ?? n)
  return notices.length === before.length && notices.every((n, i) => n === before[i])
    ? before
    : notices
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
