import { act } from '@testing-library/react'
import type { State } from '@tocsin/client'
import type { TocsinClient } from '@tocsin/react'

/** Connected, and nothing is the matter. */
export const open: State = {
  notices: [],
  contacts: [],
  tier: 'public',
  auth: { state: 'none' },
  freshness: { state: 'live', since: new Date('2026-03-02T14:00:00Z') },
  ready: true,
  keysetExpired: false,
}

/** A client whose state is set by hand. */
export function handClient() {
  let state = open
  const listeners = new Set<() => void>()
  const client: TocsinClient = {
    getState: () => state,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start: () => {},
    stop: () => {},
    signOut: async () => {},
    tokensChanged: () => {},
    displayed: () => {},
    confirm: () => {},
    directive: () => ({
      on: state.notices.length > 0,
      notices: state.notices,
      freshness: state.freshness,
    }),
  }
  const know = (change: Partial<State>) => {
    state = { ...state, ...change }
  }
  const set = (change: Partial<State>) =>
    act(() => {
      know(change)
      for (const listener of listeners) listener()
    })
  return { client, know, set }
}
