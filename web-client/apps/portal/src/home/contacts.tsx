import type { ContactCard } from '@tocsin/client'
import { Telephone, useContacts } from '@tocsin/react'
import type { ReactNode } from 'react'
import { usePortal } from '../portal-context.js'

/** Whom to call: signed cards when they have come, those of the page before. */
export function Contacts(): ReactNode {
  const { t, language } = usePortal()
  const contacts = useContacts()
  return (
    <section className="card" aria-labelledby="contacts">
      <h2 id="contacts">{t.contact}</h2>
      <ul className="contacts">
        {cardsFor(contacts, language).map((card) => (
          <li key={`${card.name} ${card.telephone}`} lang={card.language} dir="auto">
            <span>{card.name}</span>
            {card.telephone && <Telephone number={card.telephone} />}
            {card.email && <a href={`mailto:${card.email}`}>{card.email}</a>}
            {card.hours && <span className="hint">{card.hours}</span>}
          </li>
        ))}
      </ul>
      <p className="hint">{t.contactLead}</p>
    </section>
  )
}

/** Patients' cards in the page's language; all of the patients' where there is none. */
export function cardsFor(
  contacts: readonly ContactCard[],
  language: string,
): readonly ContactCard[] {
  const patients = contacts.filter((card) => card.audience !== 'staff')
  const own = patients.filter((card) => card.language.toLowerCase().split('-')[0] === language)
  return own.length > 0 ? own : patients
}
