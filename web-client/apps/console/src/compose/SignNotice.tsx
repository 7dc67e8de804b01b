import type { Notice } from '@tocsin/client'
import { checkNotice, type Policy, parseStrict } from '@tocsin/client/verify'
import { useEffect, useState } from 'react'
import { parameterFacts } from '../approve/parameterFacts.js'
import { parametersOf } from '../approve/parameters.js'
import { type Audience as Connected, noticeType, useDesk } from '../desk/index.js'
import { useSession } from '../login/session.js'
import { Languages } from '../preview/Languages.js'
import { go } from '../router.js'
import { ClockNote } from '../sending/ClockNote.js'
import { confirmationFor } from '../sending/confirmation.js'
import { SignDialog } from '../sending/SignDialog.js'
import type { Unsigned } from '../sending/useSend.js'
import { Facts } from '../ui/Facts.js'
import { Busy, Dialog, Note, Problem, Time } from '../ui/index.js'
import { reachWords } from './AudiencePart.js'
import { audienceFrom, reachOf } from './audience.js'
import { noticeFrom, payloadOf, senderOf, type Thread } from './document.js'
import type { Draft } from './draft.js'
import { ForWhom } from './ForWhom.js'
import { needOf } from './need.js'
import { StatusBand, statusWordsOf } from './StatusBand.js'
import { uuidv7 } from './uuid.js'

/** What is about to be signed, fixed: nothing in it moves while one reads. */
interface Prepared {
  readonly notice: Notice
  readonly unsigned: Unsigned
  readonly reach: number | null
  readonly at: Date
  readonly here: Date
}

/** Shows what the draft has become, asks for the typed confirmation, signs and sends. */
export function SignNotice({
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
  const desk = useDesk()
  const session = useSession()
  const owner = session.state === 'in' ? session.owner : ''
  const [prepared, setPrepared] = useState<Prepared | null>(null)
  const [error, setError] = useState<unknown>(null)

  // biome-ignore lint/correctness/useExhaustiveDependencies: prepared once, as it is at opening
  useEffect(() => {
    let stopped = false
    const connected = desk.audience().catch(() => undefined)
    void Promise.all([desk.now(), connected]).then(([at, audience]) => {
      if (stopped) return
      try {
        setPrepared(prepare(draft, thread, owner, at, audience))
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
  if (!prepared) {
    return (
      <Dialog open onClose={onClose} title={title}>
        {error === null ? <Busy>Preparing …</Busy> : <Problem error={error} />}
      </Dialog>
    )
  }
  const { notice, unsigned, reach, at, here } = prepared
  const need = breakGlass ? 1 : needOf(notice, policy)
  const actual = notice.status === 'Actual'
  const confirm = confirmationFor(actual ? 'Actual' : 'Exercise', reach)
  const info = notice.info?.[0]
  return (
    <SignDialog
      title={title}
      unsigned={unsigned}
      confirm={confirm}
      kind={actual ? 'actual' : 'exercise'}
      label={need > 1 ? 'Sign and ask a colleague' : 'Sign and send'}
      back="Back to the draft"
      onClose={onClose}
      onSent={(answer) => {
        onSent()
        go(`/${answer.status === 'published' ? 'notice' : 'approve'}/${notice.identifier}`)
      }}
    >
      <StatusBand status={notice.status}>{statusWordsOf(notice.status)}</StatusBand>
      <ClockNote at={at} here={here} />
      <Languages notice={notice} folded />
      <Facts
        facts={[
          ['For', <ForWhom key="for" notice={notice} />],
          ['Reach', reachWords(reach)],
          ['Ends', <Time key="ends" at={info?.expires ?? ''} />],
          ...parameterFacts(parametersOf(notice)),
          ...(need > 2 ? [['Signatures', `${need} people; you are the first`] as const] : []),
        ]}
      />
      {behind && <Note tone="warn">{behind}</Note>}
    </SignDialog>
  )
}

function prepare(
  draft: Draft,
  thread: Thread | undefined,
  owner: string,
  at: Date,
  connected: Connected | undefined,
): Prepared {
  const identity = { identifier: uuidv7(at), sender: senderOf(owner, location.hostname), now: at }
  const notice = noticeFrom(draft, identity, thread)
  const payload = payloadOf(notice)
  checkNotice(parseStrict(payload))
  const audience = audienceFrom(notice.addresses ?? [])
  const title = notice.info?.[0]?.headline ?? ''
  return {
    notice,
    unsigned: { identifier: notice.identifier, title, payloadType: noticeType, payload },
    reach: audience && reachOf(audience, connected),
    at,
    here: new Date(),
  }
}
