import { useState } from 'react'
import { isProblem, type Proposal, useProposal } from '../desk/index.js'
import { Bytes } from '../documents/Bytes.js'
import { DocumentView } from '../documents/DocumentView.js'
import { documentName } from '../documents/names.js'
import { useSession } from '../login/session.js'
import { payloadIn } from '../notice/thread.js'
import type { PageProps } from '../router.js'
import { Busy, Note, OldNews, Page, Panel, Problem } from '../ui/index.js'
import { problemWords } from '../ui/problemWords.js'
import { Gone } from './Gone.js'
import { NoticeProposal } from './NoticeProposal.js'
import { readProposed } from './proposed.js'
import { SignHere } from './SignHere.js'
import { Waiting } from './Waiting.js'

/** A proposal, to be read as a whole and signed; made for a telephone. */
export function ApprovePage({ id }: PageProps) {
  const { data, error } = useProposal(id)
  const [signed, setSigned] = useState(false)
  const [first, setFirst] = useState<Proposal | null>(null)
  if (data && !first) setFirst(data)
  if (isProblem(error, 'not-found')) return <Gone id={id} was={first} signed={signed} />
  if (!data || !first) {
    return error ? (
      <Page title="A document waits">
        <Problem error={error} asked />
      </Page>
    ) : (
      <Busy />
    )
  }
  if (!isSameText(data, first)) return <Swapped />
  return <Open id={id} proposal={data} error={error} onPublished={() => setSigned(true)} />
}

/** Whether the desk still shows what was opened: what one has read is what one signs. */
function isSameText({ envelope: a }: Proposal, { envelope: b }: Proposal): boolean {
  return a.payload === b.payload && a.payloadType === b.payloadType
}

function Swapped() {
  return (
    <Page title="Don’t sign this">
      <Note tone="bad" live>
        <strong>The desk has put another text under this link since you opened it.</strong>
        <span>
          Call whoever sent you the link. To read the new text from its beginning, load this page
          again.
        </span>
      </Note>
    </Page>
  )
}

function Open({
  id,
  proposal,
  error,
  onPublished,
}: {
  readonly id: string
  readonly proposal: Proposal
  /** Why this may be old. */
  readonly error: unknown
  readonly onPublished: () => void
}) {
  const session = useSession()
  const owner = session.state === 'in' ? session.owner : ''
  const mine = proposal.signers.some((signer) => signer.owner === owner)
  const proposed = readProposed(id, proposal)
  const readable = proposed.kind !== 'unreadable'
  const overtaken = proposal.superseded === true
  const blocked = proposal.blocked
    ? problemWords({ name: 'rule', rule: proposal.blocked }).todo
    : null
  return (
    <Page title={overtaken ? 'Nothing is left to sign' : mine ? 'Signed' : 'Read this, then sign'}>
      {error !== null && <OldNews error={error} />}
      {mine && !overtaken && <Waiting proposal={proposal} />}
      {!readable && (
        <Note tone="bad">
          <strong>Readers would refuse this, so there is nothing to sign.</strong>
          <span>Ask whoever made it to write it anew.</span>
        </Note>
      )}
      {blocked && (
        <Note tone="warn">
          <strong>
            {overtaken
              ? 'It has been overtaken, and can’t be published any more.'
              : 'It could not be published now, however many sign.'}
          </strong>
          <span>
            {blocked} {overtaken && 'This goes from the board by itself. '}
            <code>{proposal.blocked}</code>
          </span>
        </Note>
      )}
      {proposed.kind === 'notice' && (
        <NoticeProposal notice={proposed.notice} proposal={proposal} />
      )}
      {proposed.kind === 'document' && (
        <Panel title={documentName(id)}>
          <DocumentView envelope={proposal.envelope} />
        </Panel>
      )}
      {!mine && readable && !overtaken && (
        <SignHere
          proposal={proposal}
          owner={owner}
          status={proposed.kind === 'notice' ? proposed.notice.status : null}
          onPublished={onPublished}
        />
      )}
      {proposed.kind === 'notice' && (
        <Panel>
          <Bytes payload={payloadIn(proposal.envelope)} />
        </Panel>
      )}
    </Page>
  )
}
