// What states and notices are compared by, and asked for.

import type { Directive, Notice, ShownNotice, State } from './seen.js'

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

/** It is happening: neither an exercise, nor a test, nor withdrawn. */
export const isActual = ({ phase, notice }: ShownNotice) =>
  phase === 'active' && notice.status === 'Actual'

/** Whether notices ask for a directive, in whichever block. */
export function directiveIn({ notices, freshness }: State, directive: string): Directive {
  const asking = notices.filter(
    (shown) =>
      isActual(shown) &&
      shown.notice.info?.some(({ parameter = [] }) =>
        parameter.some((p) => p.valueName === 'directive' && p.value === directive),
      ),
  )
  return { on: asking.length > 0, notices: asking, freshness }
}

/** Equal for states that show the same, notices apart. While it is live, `since` always moves. */
export const summary = (state: State) =>
  JSON.stringify({
    ...state,
    notices: 0,
    freshness: state.freshness.state === 'live' || state.freshness,
  })

/** The identifier of the thread's Alert. */
export const threadOf = (notice: Notice) =>
  notice.references?.[0]?.split(',')[1] ?? notice.identifier
