import { useState } from 'react'
import { contactsType } from '../desk/index.js'
import { contactsChange } from '../documents/contactsWords.js'
import type { Contacts } from '../documents/open.js'
import { SignDocument } from '../documents/SignDocument.js'
import { Button, Note, Panel, Row } from '../ui/index.js'
import { CardEditor } from './CardEditor.js'
import {
  type CardErrors,
  cardErrors,
  contactsOf,
  type DraftCard,
  emptyCard,
  maxCards,
} from './cards.js'
import { keepDraft } from './draft.js'

interface Written {
  /** Stays the same while cards come and go. */
  readonly id: number
  readonly card: DraftCard
}

/** Writes all cards anew, from those that hold; reads them over, and signs them. */
export function ContactsForm({
  held,
  initial,
  need,
  onDone,
}: {
  readonly held: Contacts | null
  readonly initial: readonly DraftCard[]
  readonly need: number
  readonly onDone: () => void
}) {
  const [rows, setRows] = useState<readonly Written[]>(() =>
    (initial.length > 0 ? initial : [emptyCard]).map((card, id) => ({ id, card })),
  )
  const [tried, setTried] = useState(false)
  const [reading, setReading] = useState<{ doc: Contacts; before: Contacts | null } | null>(null)
  const errors = new Map(rows.map(({ id, card }) => [id, cardErrors(card)] as const))
  const wrong = [...errors.values()].filter((e) => Object.keys(e).length > 0).length

  function change(next: readonly Written[]) {
    setRows(next)
    keepDraft(next.map(({ card }) => card))
  }
  const add = (card: DraftCard, after: number) => {
    const id = Math.max(-1, ...rows.map((row) => row.id)) + 1
    change(rows.toSpliced(after, 0, { id, card }))
  }
  const errorsOf = (id: number): CardErrors => (tried ? (errors.get(id) ?? {}) : {})

  function read() {
    setTried(true)
    if (wrong > 0) return
    const cards = rows.map(({ card }) => card)
    setReading({ doc: contactsOf(held, cards, Date.now()), before: held })
  }

  function done() {
    keepDraft(null)
    onDone()
  }

  return (
    <Panel title="Change the cards">
      {rows.map(({ id, card }, i) => (
        <CardEditor
          key={id}
          card={card}
          place={i + 1}
          errors={errorsOf(id)}
          onChange={(next) => change(rows.with(i, { id, card: next }))}
          onCopy={() => add({ ...card, language: '' }, i + 1)}
          onRemove={() => change(rows.toSpliced(i, 1))}
        />
      ))}
      <Row>
        <Button disabled={rows.length >= maxCards} onClick={() => add(emptyCard, rows.length)}>
          Add a card
        </Button>
      </Row>
      {tried && wrong > 0 && (
        <Note tone="bad" live>
          {wrong === 1 ? 'One card is' : `${wrong} cards are`} not complete; see above.
        </Note>
      )}
      <Row>
        <Button kind="primary" onClick={read}>
          Read it over …
        </Button>
        <Button kind="quiet" onClick={done}>
          Throw the changes away
        </Button>
      </Row>
      {reading && (
        <SignDocument
          payloadType={contactsType}
          doc={reading.doc}
          change={contactsChange(reading.before, reading.doc)}
          need={need}
          back="Go on writing"
          onClose={() => setReading(null)}
          onDone={done}
        >
          {(reading.doc.cards ?? []).length === 0 && (
            <Note tone="warn">No card is left: nobody would be told whom to call.</Note>
          )}
        </SignDocument>
      )}
    </Panel>
  )
}
