'use client'

import type { ContactCard } from '@tocsin/client'
import type { ReactNode } from 'react'
import { Telephone } from './telephone.js'
import { inLanguage, primaryOf } from './texts.js'

/** The card for a reader: of their audience or of nobody's in particular, by language. */
export function cardFor(
  contacts: readonly ContactCard[],
  languages: readonly string[],
  audience = 'patient',
): ContactCard | undefined {
  const cards = [audience, ''].flatMap((a) => contacts.filter((card) => card.audience === a))
  for (const language of languages)
    for (const as of [(tag: string) => tag.toLowerCase(), primaryOf]) {
      const card = cards.find((c) => as(c.language) === as(language))
      if (card) return card
    }
  return cards[0]
}

interface CallProps {
  readonly contacts: readonly ContactCard[]
  readonly languages: readonly string[]
}

/** Whom to call: one line. */
export function Call({ contacts, languages }: CallProps): ReactNode {
  const card = cardFor(contacts, languages)
  if (!card) return null
  return (
    <span className="tocsin-call-card" {...inLanguage(card.language)}>
      <span className="tocsin-card-name">{card.name}</span>{' '}
      {card.telephone && <Telephone number={card.telephone} />}{' '}
      {card.email && (
        <a href={`mailto:${card.email}`}>
          <bdi>{card.email}</bdi>
        </a>
      )}{' '}
      {card.hours && <span className="tocsin-hours">{card.hours}</span>}
    </span>
  )
}
