import type { Notice } from '@tocsin/client'
import { checkNotice, type Policy, parseStrict } from '@tocsin/client/verify'
import { useEffect, useState } from 'react'
import { noticeType, useAudience, useDesk } from '../desk/index.js'
import { useSession } from '../login/session.js'
import { go } from '../router.js'
import { Busy, Button, Dialog, Field, Note, Problem, Time } from '../ui/index.js'
import { reachWords } from './AudiencePart.js'
import { audienceFrom, reachOf } from './audience.js'
import { Bytes } from './Bytes.js'
import { deskNow } from './clock.js'
import styles from './compose.module.css'
import { confirmationFor, isConfirmed } from './confirmation.js'
import { noticeFrom, payloadOf, senderOf, type Thread } from './document.js'
import type { Draft } from './draft.js'
import { Facts } from './Facts.js'
import { languageName } from './languages.js'
import { needOf } from './need.js'
import { send } from './outbox.js'
import { StatusBand } from './StatusBand.js'
import { uuidv7 } from './uuid.js'
import { count } from './words.js'

/** What is about to be signed, fixed: nothing in it moves while one reads. */
interface Prepared {
  readonly notice: Notice
  readonly payload: Uint8Array<ArrayBuffer>
  readonly reach: number | null
}

/** Shows what is about to be signed, asks for the typed confirmation, signs and sends. */
export function SignDialog({
  draft,
  thread,
  policy,
  breakGlass,
  behind,
  onClose,
  onSent,
}: {
  readonly draft: Draft
  readonly thread?: Thread
  readonly policy: Policy | undefined
  /** The key that signs is enough by itself. */
  readonly breakGlass: boolean
  /** What to tell whoever has changed some languages only. */
  readonly behind: string | null
  readonly onClose: () => void
  readonly onSent: () => void
}) {
  const session = useSession()
  const owner = session.state === 'in' ? session.owner : ''
  const connected = useAudience().data
  const [prepared, setPrepared] = useState<Prepared | null>(null)
  const [error, setError] = useState<unknown>(null)

  // biome-ignore lint/correctness/useExhaustiveDependencies: prepared once, as it is at opening
  useEffect(() => {
    let stopped = false
    void deskNow().then((now) => {
      if (stopped) return
      try {
        const identity = {
          identifier: uuidv7(now),
          sender: senderOf(owner, location.hostname),
          now,
        }
        const notice = noticeFrom(draft, identity, thread)
        const payload = payloadOf(notice)
        checkNotice(parseStrict(payload))
        const audience = audienceFrom(notice.addresses ?? [])
        setPrepared({ notice, payload, reach: audience && reachOf(audience, connected) })
      } catch (cause) {
        setError(cause)
      }
    })
    return () => {
      stopped = true
    }
  }, [])

  const title = thread
    ? 'Sign the update'
    : draft.status === 'Actual'
      ? 'Sign a real notice'
      : 'Sign an exercise'
  return (
    <Dialog open onClose={onClose} title={title}>
      {error !== null && <Problem error={error} />}
      {!prepared && error === null && <Busy>Preparing …</Busy>}
      {prepared && (
        <Review
          prepared={prepared}
          behind={behind}
          need={breakGlass ? 1 : needOf(prepared.notice, policy)}
          onClose={onClose}
          onSent={onSent}
        />
      )}
    </Dialog>
  )
}

function Review({
  prepared: { notice, payload, reach },
  need,
  behind,
  onClose,
  onSent,
}: {
  readonly prepared: Prepared
  readonly need: number
  readonly behind: string | null
  readonly onClose: () => void
  readonly onSent: () => void
}) {
  const desk = useDesk()
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState(false)
  const [asking, setAsking] = useState(0)
  const [error, setError] = useState<unknown>(null)
  const actual = notice.status === 'Actual'
  const wanted = confirmationFor(actual ? 'Actual' : 'Exercise', reach)
  const info = notice.info?.[0]
  const headline = info?.headline ?? ''

  async function sign() {
    setBusy(true)
    setError(null)
    try {
      const envelope = await desk.sign(noticeType, payload)
      const item = { identifier: notice.identifier, title: headline, envelope }
      const answer = await send(desk, item, setAsking)
      onSent()
      go(`/${answer.status === 'published' ? 'notice' : 'approve'}/${notice.identifier}`)
    } catch (cause) {
      setError(cause)
      setBusy(false)
    }
  }

  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (isConfirmed(typed, wanted)) void sign()
      }}
    >
      <StatusBand status={notice.status}>
        {actual ? 'It is real. Readers will act on it.' : 'A drill, marked as one.'}
      </StatusBand>
      <Facts
        facts={[
          ['Headline', <bdi key="headline">{headline}</bdi>],
          [
            'Languages',
            (notice.info ?? []).map((one) => languageName(one.language ?? 'en-US')).join(', '),
          ],
          ['For', notice.restriction ?? 'Everyone'],
          ['Reach', reachWords(reach)],
          ['Ends', <Time key="ends" at={info?.expires ?? ''} />],
          [
            'Signatures',
            need > 1 ? `${count(need, 'person', 'people')}; you are the first` : 'Yours is enough',
          ],
        ]}
      />
      {behind && <Note tone="warn">{behind}</Note>}
      <Bytes payload={payload} />
      {wanted !== null && (
        <Field
          label={
            <>
              Type <span className={styles.typed}>{wanted}</span> to confirm
            </>
          }
          hint={
            reach === null
              ? 'In capitals.'
              : `In capitals. ${reach} is how many sessions are connected.`
          }
        >
          {(control) => (
            <input
              {...control}
              value={typed}
              autoComplete="off"
              autoCapitalize="characters"
              spellCheck={false}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
      )}
      {asking > 0 && busy && (
        <Note tone="warn" live>
          The desk has not said what became of it. The same signed text is sent again (attempt{' '}
          {asking + 1}); don’t close this page.
        </Note>
      )}
      <Problem error={error} />
      <Button
        type="submit"
        large
        kind={actual ? 'actual' : 'exercise'}
        busy={busy}
        disabled={!isConfirmed(typed, wanted)}
      >
        {need > 1 ? 'Sign and ask for the second signature' : 'Sign and send'}
      </Button>
      <Button onClick={onClose} disabled={busy}>
        Back to the draft
      </Button>
    </form>
  )
}
