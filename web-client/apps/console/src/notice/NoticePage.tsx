import type { Notice } from '@tocsin/client'
import type { Keyset } from '@tocsin/client/verify'
import { useState } from 'react'
import { ForWhom } from '../compose/ForWhom.js'
import { StatusBand } from '../compose/StatusBand.js'
import { isProblem, type Thread, useNotice, useProposal } from '../desk/index.js'
import { useSigners, useTrustedKeyset } from '../documents/trusted.js'
import { useSession } from '../login/session.js'
import { Languages } from '../preview/Languages.js'
import type { PageProps } from '../router.js'
import { Facts } from '../ui/Facts.js'
import {
  Busy,
  Button,
  ButtonLink,
  Note,
  OldNews,
  Page,
  Panel,
  Problem,
  Row,
  Tag,
  Time,
} from '../ui/index.js'
import { CancelDialog } from './CancelDialog.js'
import { Funnel } from './Funnel.js'
import { phaseWords } from './phases.js'
import { SignedBy } from './SignedBy.js'
import { Timeline } from './Timeline.js'
import { contentOf, noticeIn, noticesOf } from './thread.js'

/** One notice: what shows, whom it reached, what happened to it, and what can be done. */
export function NoticePage({ id }: PageProps) {
  const { data, error } = useNotice(id)
  if (isProblem(error, 'not-found')) return <NotInTheLog id={id} />
  if (!data) {
    return error ? (
      <Page title="Notice">
        <Problem error={error} asked />
      </Page>
    ) : (
      <Busy />
    )
  }
  const content = contentOf(data)
  if (!content) {
    return (
      <Page title="It is not known yet whether this was published">
        <Note tone="warn">
          The desk is finding out. This page shows it as soon as it is known; nothing is to be done.
        </Note>
      </Page>
    )
  }
  return <Shown thread={data} content={content} error={error} />
}

function Shown({
  thread,
  content,
  error,
}: {
  readonly thread: Thread
  readonly content: Notice
  /** Why this may be old. */
  readonly error: unknown
}) {
  const [cancelling, setCancelling] = useState(false)
  const notices = noticesOf(thread)
  const [alert = content] = notices
  const current = noticeIn(thread.current?.envelope)
  const info = content.info?.[0]
  const withdrawn =
    current?.msgType === 'Cancel'
      ? { at: new Date(current.sent), note: current.note ?? '' }
      : undefined
  const active = thread.phase === 'active'
  const session = useSession()
  const may = session.state === 'in' && session.roles.includes('publisher')
  const { keyset } = useTrustedKeyset()
  const publishers = publishersOf(keyset)
  const signers = useSigners(thread)
  return (
    <Page title={info?.headline ?? info?.event ?? 'Notice'}>
      {error !== null && <OldNews error={error} />}
      <StatusBand status={alert.status} past={!active}>
        {phaseWords(thread.phase)}
      </StatusBand>
      {active && !may && (
        <Note>
          Your key can’t update or withdraw this: a publisher does.
          {publishers.length > 0 && ` Call ${publishers.join(', ')}.`}
        </Note>
      )}
      {active && may && (
        <Row>
          <ButtonLink kind="primary" href={`#/update/${encodeURIComponent(thread.identifier)}`}>
            Update it
          </ButtonLink>
          <Button kind="danger" onClick={() => setCancelling(true)}>
            Withdraw it …
          </Button>
        </Row>
      )}
      <Panel title="Reach">
        <Funnel identifier={thread.identifier} alert={alert} active={active} />
      </Panel>
      <Panel
        title={withdrawn ? 'What was withdrawn' : 'What readers see'}
        aside={<Tag>{info?.severity ?? ''}</Tag>}
      >
        <Facts
          facts={[
            ['For', <ForWhom key="for" notice={alert} />],
            [
              withdrawn ? 'Withdrawn by' : 'Signed by',
              <SignedBy
                key="signed"
                owners={signers?.get(thread.current?.identifier ?? '')}
                asking={!signers}
              />,
            ],
            [active ? 'Ends' : 'Would have ended', <Time key="ends" at={info?.expires ?? ''} />],
            ['Identifier', <code key="identifier">{thread.identifier}</code>],
          ]}
        />
        <Languages notice={content} {...(withdrawn && { withdrawn })} />
      </Panel>
      <Panel title="What happened to it">
        <Timeline messages={thread.messages ?? []} signers={signers} />
      </Panel>
      {cancelling && (
        <CancelDialog
          thread={{ alert, messages: notices }}
          headline={info?.headline ?? ''}
          need={keyset?.policy?.thresholds?.cancel || 1}
          onClose={() => setCancelling(false)}
        />
      )}
    </Page>
  )
}

/** Who can begin or end a notice, by the keyset. */
function publishersOf(keyset: Keyset | null): string[] {
  const keys = (keyset?.keys ?? []).filter((key) => key.roles.includes('publisher'))
  return [...new Set(keys.filter((key) => !key.breakGlass).map((key) => key.owner))]
}

/** What is not published may wait for a signature. */
function NotInTheLog({ id }: { readonly id: string }) {
  const { data, error } = useProposal(id)
  const unknown = isProblem(error, 'not-found')
  return (
    <Page title="This is not published">
      {!data && !error && <Busy>Looking whether it waits for a signature …</Busy>}
      {!unknown && <Problem error={error} asked />}
      {data && !unknown && (
        <Panel title="It waits for a signature">
          <Row>
            <ButtonLink kind="primary" href={`#/approve/${encodeURIComponent(id)}`}>
              Look at it
            </ButtonLink>
          </Row>
        </Panel>
      )}
      {unknown && (
        <Note>
          It is not known under this name. The link may be incomplete, or it was never published.
        </Note>
      )}
    </Page>
  )
}
