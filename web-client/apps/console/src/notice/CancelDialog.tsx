import { checkNotice, parseStrict } from '@tocsin/client/verify'
import { useState } from 'react'
import { cancelOf, payloadOf, senderOf, type Thread } from '../compose/document.js'
import { StatusBand } from '../compose/StatusBand.js'
import { uuidv7 } from '../compose/uuid.js'
import { noticeType, useDesk } from '../desk/index.js'
import { useSession } from '../login/session.js'
import { go } from '../router.js'
import { ClockNote } from '../sending/ClockNote.js'
import { SignDialog } from '../sending/SignDialog.js'
import type { Unsigned } from '../sending/useSend.js'
import { people } from '../ui/count.js'
import { Facts } from '../ui/Facts.js'
import { Button, Dialog, Field, Problem, Row } from '../ui/index.js'
import { reasonFor, reasons } from './reasons.js'

interface Composed {
  readonly unsigned: Unsigned
  readonly at: Date
  readonly here: Date
}

/** Composes the Cancel of a notice, shows it, and then signs and sends it. */
export function CancelDialog({
  thread,
  headline,
  need,
  onClose,
}: {
  readonly thread: Thread
  readonly headline: string
  /** How many people must sign it. */
  readonly need: number
  readonly onClose: () => void
}) {
  const desk = useDesk()
  const [note, setNote] = useState('')
  const [composed, setComposed] = useState<Composed | null>(null)
  const [error, setError] = useState<unknown>(null)
  const session = useSession()
  const owner = session.state === 'in' ? session.owner : ''
  const content = thread.messages.findLast(({ info }) => info)

  async function compose() {
    setError(null)
    const at = await desk.now()
    const identifier = uuidv7(at)
    try {
      const identity = { identifier, sender: senderOf(owner, location.hostname), now: at }
      const payload = payloadOf(cancelOf(thread, note.trim(), identity))
      checkNotice(parseStrict(payload))
      const title = `Withdrawal of ${headline}`
      const unsigned = { identifier, title, payloadType: noticeType, payload }
      setComposed({ unsigned, at, here: new Date() })
    } catch (cause) {
      setError(cause)
    }
  }

  if (composed) {
    const { unsigned, at, here } = composed
    return (
      <SignDialog
        title="Withdraw the notice"
        unsigned={unsigned}
        kind="actual"
        label={need > 1 ? 'Sign and ask for the second signature' : 'Sign and withdraw'}
        back="Back"
        onClose={() => setComposed(null)}
        onSent={(answer) => {
          if (answer.status === 'waiting') go(`/approve/${unsigned.identifier}`)
          else onClose()
        }}
      >
        <StatusBand status={thread.alert.status}>It will show as withdrawn.</StatusBand>
        <ClockNote at={at} here={here} />
        <Facts
          facts={[
            ['Notice', <bdi key="notice">{headline}</bdi>],
            ['Why', <bdi key="why">{note}</bdi>],
          ]}
        />
      </SignDialog>
    )
  }
  return (
    <Dialog open onClose={onClose} title="Withdraw the notice">
      <p>
        Readers see it as withdrawn for 24 hours, with the time and your words. It is final. It
        takes the signature of {people(need)}.
      </p>
      <Field label="Why" hint="Readers see these words.">
        {(control) => (
          <textarea {...control} value={note} onChange={(event) => setNote(event.target.value)} />
        )}
      </Field>
      <Row>
        {reasons.map((reason) => (
          <Button key={reason.en} onClick={() => setNote(reasonFor(reason, content))}>
            {reason.en}
          </Button>
        ))}
      </Row>
      <Problem error={error} />
      <Row>
        <Button kind="primary" disabled={note.trim() === ''} onClick={() => void compose()}>
          Go on
        </Button>
        <Button onClick={onClose}>Leave it as it is</Button>
      </Row>
    </Dialog>
  )
}
