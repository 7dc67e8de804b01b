import type { ContactCard, ShownNotice, State } from '@tocsin/client'
import type { Texts } from './texts.js'

const dates = ['sent', 'expires', 'nextUpdateBy', 'withdrawnAt'] as const
type DateMember = (typeof dates)[number]

/** A shown notice with its times as text. */
export type PlainNotice = Omit<ShownNotice, DateMember> &
  Readonly<Record<DateMember, string | null>>

/** What a server verified, as plain JSON: for the page's first rendering, there and here. */
export interface Initial {
  /** The snapshot, which the browser verifies again. */
  readonly seed: string
  readonly notices: readonly PlainNotice[]
  readonly contacts: readonly ContactCard[]
  readonly keysetExpired: boolean
  /** When the snapshot was made, in server time. */
  readonly since: string | null
  readonly languages?: readonly string[]
  readonly texts?: Texts
}

/** The state that an Initial stands for. */
export function revive(initial: Initial, nothing: State): State {
  return {
    ...nothing,
    notices: initial.notices.map(
      (plain) =>
        ({
          ...plain,
          ...Object.fromEntries(
            dates.map((name) => [name, plain[name] === null ? null : new Date(plain[name])]),
          ),
        }) as unknown as ShownNotice,
    ),
    contacts: initial.contacts,
    keysetExpired: initial.keysetExpired,
    freshness: {
      state: 'connecting',
      since: initial.since === null ? null : new Date(initial.since),
    },
    ready: true,
  }
}
