import { useState } from 'react'
import { languageName } from '../compose/languages.js'
import { contactsType, useContactsDocument, useKeyset, useProposals } from '../desk/index.js'
import type { Card, Contacts } from '../documents/open.js'
import { Refused } from '../documents/Refused.js'
import { useContactsInForce, useTrustedKeyset } from '../documents/trusted.js'
import { WaitingDocuments } from '../documents/WaitingDocuments.js'
import { useSession } from '../login/session.js'
import { clock } from '../ui/clock.js'
import { people } from '../ui/count.js'
import { Busy, Button, Note, Page, Panel, Problem, Row } from '../ui/index.js'
import { ContactsForm } from './ContactsForm.js'
import { audienceWords, draftOf, gaps, isForPatients } from './cards.js'
import styles from './contacts.module.css'
import { keptDraft } from './draft.js'

/** Whom readers are told to call, by language and audience. */
export function ContactsPage() {
  const held = useContactsDocument()
  const proposals = useProposals()
  const { error: keysetError } = useKeyset()
  const { keyset } = useTrustedKeyset()
  const session = useSession()
  const [editing, setEditing] = useState(() => keptDraft() !== null)
  const inForce = useContactsInForce()
  const verified = inForce.state === 'verified'
  const contacts = verified ? inForce.doc : null
  const may = session.state === 'in' && session.roles.includes('contacts')
  return (
    <Page
      title="Contact cards"
      intro="Whom to call when all else is down. Every portal and call shows them, and keeps them for when it can’t reach the clinic."
    >
      <Problem error={held.error ?? proposals.error ?? keysetError} asked />
      {inForce.state === 'asking' && !inForce.error && <Busy />}
      {inForce.state === 'refused' && <Refused what="contact cards" />}
      <WaitingDocuments payloadType={contactsType} />
      {verified && (
        <Panel
          title="Shown now"
          aside={contacts && `Version ${contacts.version}, ${clock(contacts.sent)}`}
        >
          <Cards contacts={contacts} />
        </Panel>
      )}
      {verified && may && !editing && (
        <Row>
          <Button kind="primary" onClick={() => setEditing(true)}>
            Change the cards
          </Button>
        </Row>
      )}
      {verified && may && editing && (
        <ContactsForm
          held={contacts}
          initial={keptDraft() ?? (contacts?.cards ?? []).map(draftOf)}
          need={keyset?.policy?.thresholds?.contacts || 2}
          onDone={() => setEditing(false)}
        />
      )}
      {!may && (
        <Note>
          Cards are signed by keys with the role contacts
          {keyset && `; it takes ${people(keyset.policy?.thresholds?.contacts || 2)}`}. Yours can
          read them.
        </Note>
      )}
    </Page>
  )
}

function Cards({ contacts }: { readonly contacts: Contacts | null }) {
  const cards = contacts?.cards ?? []
  if (cards.length === 0) {
    return (
      <Note tone="warn">
        <strong>There is no card.</strong>
        <span>
          In a crisis nobody is told whom to call, unless a notice says it, or a number is built
          into the portal.
        </span>
      </Note>
    )
  }
  return (
    <>
      {!cards.some(isForPatients) && (
        <Note tone="warn">
          <strong>No card is for patients.</strong>
          <span>Portals show them the number that is built in, if there is one.</span>
        </Note>
      )}
      {gaps(cards).map(({ audience, missing }) => (
        <Note key={audience} tone="warn">
          {audienceWords(audience)}: there is no card in {missing.map(languageName).join(', ')},
          though there are others in it.
        </Note>
      ))}
      <ul className={styles.cards}>
        {cards.map((card) => (
          <li key={JSON.stringify(card)}>
            <ShownCard card={card} />
          </li>
        ))}
      </ul>
    </>
  )
}

function ShownCard({ card }: { readonly card: Card }) {
  return (
    <>
      <p className={styles.kind}>
        {languageName(card.language)}
        {card.audience && `, for: ${audienceWords(card.audience)}`}
      </p>
      <p lang={card.language} dir="auto">
        <strong>{card.name}</strong>
      </p>
      {card.telephone && (
        <p>
          <bdi className={styles.telephone}>{card.telephone}</bdi>
        </p>
      )}
      {card.email && (
        <p>
          <bdi>{card.email}</bdi>
        </p>
      )}
      {card.hours && (
        <p lang={card.language} dir="auto">
          {card.hours}
        </p>
      )}
    </>
  )
}
