import { languageName } from '../compose/languages.js'
import { audienceWords } from '../contacts/cards.js'
import type { Card, Contacts } from './open.js'
import type { Change } from './postureWords.js'

/** A card in one line. */
export function cardWords(card: Card): string {
  const parts = [card.telephone, card.email, card.hours].filter(Boolean).join(', ')
  const audience = card.audience ? `, for: ${audienceWords(card.audience)}` : ''
  // Isolated, so that a name from right to left moves nothing around it.
  return `\u2068${card.name}\u2069 (${languageName(card.language)}${audience}): ${parts}`
}

/** What changes from one set of cards to another; null is that there was none. */
export function contactsChange(from: Contacts | null, to: Contacts): Change {
  const before = (from?.cards ?? []).map(cardWords)
  const after = (to.cards ?? []).map(cardWords)
  return {
    begins: after.filter((s) => !before.includes(s)),
    ends: before.filter((s) => !after.includes(s)),
    stays: after.filter((s) => before.includes(s)),
  }
}
