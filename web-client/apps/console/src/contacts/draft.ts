import { type DraftCard, emptyCard } from './cards.js'

const place = 'tocsin-console:contacts'

interface Keyed {
  readonly cards: readonly DraftCard[]
}

/** The cards that were being written when this tab was reloaded, or null. */
export function keptDraft(): readonly DraftCard[] | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(place) ?? 'null')
    if (typeof kept !== 'object' || kept === null || !('cards' in kept)) return null
    const { cards } = kept as Keyed
    return Array.isArray(cards) ? cards.map((card) => ({ ...emptyCard, ...card })) : null
  } catch {
    return null
  }
}

/** Keeps what is being written, until the tab is closed; null for nothing. */
export function keepDraft(cards: readonly DraftCard[] | null): void {
  try {
    if (cards === null) sessionStorage.removeItem(place)
    else sessionStorage.setItem(place, JSON.stringify({ cards } satisfies Keyed))
  } catch {
    // A browser that keeps nothing loses the draft on reload.
  }
}
