import { useState } from 'react'
import { contactsType } from '../desk/index.js'
import { ChangeList } from '../documents/ChangeList.js'
import { contactsChange } from '../documents/contactsWords.js'
import { people } from '../documents/keysetWords.js'
import { Outcome } from '../documents/Outcome.js'
import type { Contacts } from '../documents/open.js'
import { useSignDocument } from '../documents/useSignDocument.js'
import { Button, Dialog, Note, Panel, Problem, Row } from '../ui/index.js'
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
  const sign = useSignDocument()
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
    sign.reset()
    const cards = rows.map(({ card }) => card)
    setReading({ doc: contactsOf(held, cards, Date.now()), before: held })
  }

  function close() {
    setReading(null)
    if (sign.isSuccess) done()
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
        <Dialog
          open
          onClose={close}
          title={`Contact cards, version ${reading.doc.version}`}
          actions={
            sign.isSuccess ? (
              <Button kind="primary" onClick={close}>
                Close
              </Button>
            ) : (
              <>
                <Button onClick={close}>Go on writing</Button>
                <Button
                  kind="primary"
                  busy={sign.isPending}
                  onClick={() => sign.mutate({ payloadType: contactsType, doc: reading.doc })}
                >
                  Sign
                </Button>
              </>
            )
          }
        >
          {sign.isSuccess ? (
            <Outcome answer={sign.data} />
          ) : (
            <>
              <ChangeList change={contactsChange(reading.before, reading.doc)} />
              {(reading.doc.cards ?? []).length === 0 && (
                <Note tone="warn">No card is left: nobody would be told whom to call.</Note>
              )}
              <p>It takes the signatures of {people(need)} by the keyset in force.</p>
            </>
          )}
          <Problem error={sign.error} />
        </Dialog>
      )}
    </Panel>
  )
}
