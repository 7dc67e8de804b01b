import { useQueryClient } from '@tanstack/react-query'
import { checkNotice, parseStrict } from '@tocsin/client/verify'
import { useState } from 'react'
import { Bytes } from '../compose/Bytes.js'
import { deskNow } from '../compose/clock.js'
import { cancelOf, payloadOf, senderOf, type Thread } from '../compose/document.js'
import { Facts } from '../compose/Facts.js'
import { send } from '../compose/outbox.js'
import { StatusBand } from '../compose/StatusBand.js'
import { uuidv7 } from '../compose/uuid.js'
import { noticeType, useDesk } from '../desk/index.js'
import { useSession } from '../login/session.js'
import { go } from '../router.js'
import { Button, Dialog, Field, Note, Problem, Row } from '../ui/index.js'

const usual = [
  'It is over.',
  'It was sent by mistake. There is nothing to do.',
  'It was wrong. A correct notice follows.',
]

/** Composes the Cancel of a notice, shows it, and then signs and sends it. */
export function CancelDialog({
  thread,
  identifier,
  headline,
  onClose,
}: {
  readonly thread: Thread
  readonly identifier: string
  readonly headline: string
  readonly onClose: () => void
}) {
  const [note, setNote] = useState('')
  const [composed, setComposed] = useState<Uint8Array<ArrayBuffer> | null>(null)
  const [error, setError] = useState<unknown>(null)
  const session = useSession()
  const owner = session.state === 'in' ? session.owner : ''

  async function compose() {
    setError(null)
    const now = await deskNow()
    try {
      const identity = { identifier: uuidv7(now), sender: senderOf(owner, location.hostname), now }
      const payload = payloadOf(cancelOf(thread, note.trim(), identity))
      checkNotice(parseStrict(payload))
      setComposed(payload)
    } catch (cause) {
      setError(cause)
    }
  }

  return (
    <Dialog open onClose={onClose} title="Withdraw the notice">
      {composed ? (
        <Sign
          payload={composed}
          note={note}
          headline={headline}
          status={thread.alert.status}
          identifier={identifier}
          onBack={() => setComposed(null)}
          onClose={onClose}
        />
      ) : (
        <>
          <p>
            Readers see it as withdrawn for 24 hours, with the time and your words. It is final. One
            person can do it.
          </p>
          <Field label="Why" hint="Readers see these words.">
            {(control) => (
              <textarea
                {...control}
                value={note}
                onChange={(event) => setNote(event.target.value)}
              />
            )}
          </Field>
          <Row>
            {usual.map((words) => (
              <Button key={words} onClick={() => setNote(words)}>
                {words}
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
        </>
      )}
    </Dialog>
  )
}

function Sign({
  payload,
  note,
  headline,
  status,
  identifier,
  onBack,
  onClose,
}: {
  readonly payload: Uint8Array<ArrayBuffer>
  readonly note: string
  readonly headline: string
  readonly status: string
  readonly identifier: string
  readonly onBack: () => void
  readonly onClose: () => void
}) {
  const desk = useDesk()
  const queries = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [asking, setAsking] = useState(0)
  const [error, setError] = useState<unknown>(null)

  async function sign() {
    setBusy(true)
    setError(null)
    try {
      const envelope = await desk.sign(noticeType, payload)
      const own = JSON.parse(new TextDecoder().decode(payload)) as { identifier: string }
      const item = { identifier: own.identifier, title: `Withdrawal of ${headline}`, envelope }
      const answer = await send(desk, item, setAsking)
      await queries.invalidateQueries({ queryKey: ['notice', identifier] })
      if (answer.status === 'waiting') go(`/approve/${own.identifier}`)
      else onClose()
    } catch (cause) {
      setError(cause)
      setBusy(false)
    }
  }

  return (
    <>
      <StatusBand status={status}>It will show as withdrawn.</StatusBand>
      <Facts
        facts={[
          ['Notice', <bdi key="notice">{headline}</bdi>],
          ['Why', <bdi key="why">{note}</bdi>],
        ]}
      />
      <Bytes payload={payload} />
      {asking > 0 && busy && (
        <Note tone="warn" live>
          The desk has not said what became of it. The same signed text is sent again.
        </Note>
      )}
      <Problem error={error} />
      <Row>
        <Button kind="actual" large busy={busy} onClick={() => void sign()}>
          Sign and withdraw
        </Button>
        <Button onClick={onBack} disabled={busy}>
          Back
        </Button>
      </Row>
    </>
  )
}
