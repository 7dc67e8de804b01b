import { capTime } from '../desk/index.js'
import type { Card, Contacts } from '../documents/open.js'

/** A card as it is written: every member there, '' for none. */
export type DraftCard = Readonly<Record<keyof Card, string>>

/** What is wrong with a card, by member; empty if nothing is. */
export type CardErrors = Partial<Record<keyof Card, string>>

export const emptyCard: DraftCard = {
  language: 'en',
  audience: '',
  name: '',
  telephone: '',
  email: '',
  hours: '',
}

const hostLabel = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?'
const emailForm = new RegExp(`^[a-z0-9._+-]{1,64}@${hostLabel}(?:\\.${hostLabel})*$`, 'i')

/** The audiences that portals go by; a card for another is shown by none of them. */
export const audiences: Readonly<Record<string, string>> = {
  '': 'Everybody',
  patient: 'Patients',
  staff: 'Staff only',
}

/** An audience in words: one that portals don't know as it stands there. */
export function audienceWords(audience: string): string {
  return Object.hasOwn(audiences, audience) ? (audiences[audience] ?? '') : `“${audience}”`
}

/** Whether a portal shows it to patients. */
export function isForPatients({ audience = '' }: Card): boolean {
  return audience === '' || audience === 'patient'
}

/** The most cards in one document. */
export const maxCards = 200

export function draftOf(card: Card): DraftCard {
  const { audience = '', telephone = '', email = '', hours = '' } = card
  return { ...card, audience, telephone, email, hours }
}

/** Why a card would be refused; the rules are those of notice.Card. */
export function cardErrors(draft: DraftCard): CardErrors {
  const card = trimmed(draft)
  const errors: CardErrors = {}
  if (!/^[a-z0-9-]{1,35}$/i.test(card.language) || !isLanguage(card.language)) {
    errors.language = 'Use a language tag, such as en, es or pt-BR.'
  }
  if (card.name === '') errors.name = 'Who answers? For example: Crisis line.'
  if (card.telephone === '' && card.email === '') {
    errors.telephone = 'Give a telephone number or an e-mail address.'
  }
  if (card.telephone !== '' && !/^[0-9+*#(). \-/]{1,40}$/.test(card.telephone)) {
    errors.telephone = 'Use digits, spaces and + * # ( ) . - / only.'
  }
  if (card.email !== '' && !emailForm.test(card.email)) {
    errors.email = 'This is not an e-mail address.'
  }
  if (!Object.hasOwn(audiences, card.audience)) {
    errors.audience = 'No portal knows this audience, so nobody would see the card. Choose another.'
  }
  for (const member of ['name', 'hours'] as const) {
    if (/\p{Cc}/u.test(card[member])) errors[member] = 'There is a control character in it.'
  }
  return errors
}

/** The document after `held` (null: none) with these cards. */
export function contactsOf(
  held: Contacts | null,
  drafts: readonly DraftCard[],
  now: number,
): Contacts {
  return {
    version: (held?.version ?? 0) + 1,
    sent: capTime(new Date(now)),
    cards: drafts.map((draft) => {
      const { language, name, ...optional } = trimmed(draft)
      const said = Object.entries(optional).filter(([, value]) => value !== '')
      return { language, ...Object.fromEntries(said), name }
    }),
  }
}

/** The languages that have no card for an audience that others have one for. */
export function gaps(cards: readonly Card[]): readonly { audience: string; missing: string[] }[] {
  const languages = [...new Set(cards.map((card) => card.language))].sort()
  const audiences = [...new Set(cards.map((card) => card.audience ?? ''))].sort()
  return audiences
    .map((audience) => {
      const there = cards.filter((card) => (card.audience ?? '') === audience)
      const missing = languages.filter((tag) => !there.some((card) => card.language === tag))
      return { audience, missing }
    })
    .filter(({ missing }) => missing.length > 0)
}

function trimmed(draft: DraftCard): DraftCard {
  const entries = Object.entries(draft).map(([member, value]) => [member, value.trim()])
  return Object.fromEntries(entries) as DraftCard
}

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1
  } catch {
    return false
  }
}
