import { recall, remember } from '../keys/drafts.js'
import { keyring } from '../keys/index.js'
import { type DraftCard, emptyCard } from './cards.js'

const name = 'contacts'

/** The cards that whoever is signed in was writing, or null. */
export function keptDraft(): readonly DraftCard[] | null {
  const kept = recall(keyring.get().active, name)
  return Array.isArray(kept) ? kept.map((card: DraftCard) => ({ ...emptyCard, ...card })) : null
}

/** Keeps what is being written; null for nothing. */
export function keepDraft(cards: readonly DraftCard[] | null): void {
  remember(keyring.get().active, name, cards)
}
