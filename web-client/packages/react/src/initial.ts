import { type ContactCard, type ShownNotice, type State, unknown } from '@tocsin/client'
import type { Texts } from './texts.js'

type DateMember = 'sent' | 'expires' | 'nextUpdateBy' | 'withdrawnAt'

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
export function revive({ notices, contacts, keysetExpired, since }: Initial): State {
  return {
    ...unknown,
    notices: notices.map((plain) => ({
      ...plain,
      sent: new Date(plain.sent ?? ''),
      expires: date(plain.expires),
      nextUpdateBy: date(plain.nextUpdateBy),
      withdrawnAt: date(plain.withdrawnAt),
    })),
    contacts,
    keysetExpired,
    freshness: { state: 'connecting', since: date(since) },
    ready: true,
  }
}

const date = (text: string | null) => (text ? new Date(text) : null)
