import { useState } from 'react'
import { isProblem, noticeType, type Proposal, useNotice, useProposal } from '../desk/index.js'
import { DocumentView } from '../documents/DocumentView.js'
import { documentName } from '../documents/names.js'
import { openProposal } from '../documents/open.js'
import { useSession } from '../login/session.js'
import { noticeIn } from '../notice/thread.js'
import type { PageProps } from '../router.js'
import { Busy, ButtonLink, Note, Page, Panel, Problem, Row } from '../ui/index.js'
import { NoticeProposal } from './NoticeProposal.js'
import { SignHere } from './SignHere.js'
import { Waiting } from './Waiting.js'

/** A proposal, to be read as a whole and signed; made for a telephone. */
export function ApprovePage({ id }: PageProps) {
  const { data, error } = useProposal(id)
  const [signed, setSigned] = useState(false)
  if (isProblem(error, 'not-found')) return <Gone id={id} signed={signed} />
  if (!data) {
    return error ? (
      <Page title="A document waits">
        <Problem error={error} />
      </Page>
    ) : (
      <Busy />
    )
  }
  return <Open proposal={data} onSigned={() => setSigned(true)} />
}

function Open({
  proposal,
  onSigned,
}: {
  readonly proposal: Proposal
  readonly onSigned: () => void
}) {
  const session = useSession()
  const owner = session.state === 'in' ? session.owner : ''
  const mine = proposal.signers.some((signer) => signer.owner === owner)
  const isNotice = proposal.payloadType === noticeType
  const held = isNotice ? noticeIn(proposal.envelope) : null
  // What is signed is what the page's address names, not what the desk puts under it.
  const notice = held?.identifier === proposal.identifier ? held : null
  const opened = isNotice ? null : openProposal(proposal.identifier, proposal.envelope)
  return (
    <Page title={mine ? 'Signed. It waits for a colleague.' : 'Read this, then sign'}>
      {mine && <Waiting proposal={proposal} />}
      {isNotice && !notice && (
        <Note tone="bad">
          <strong>Readers would refuse this notice, so there is nothing to sign.</strong>
          <span>Ask whoever made it to write it anew.</span>
        </Note>
      )}
      {notice && <NoticeProposal notice={notice} proposal={proposal} />}
      {!isNotice && (
        <Panel title={documentName(proposal.identifier)}>
          <DocumentView envelope={proposal.envelope} />
        </Panel>
      )}
      {!mine && (notice || opened) && (
        <SignHere
          proposal={proposal}
          owner={owner}
          status={notice?.status ?? null}
          onSigned={onSigned}
        />
      )}
    </Page>
  )
}

/** Nothing waits under the name (any more). */
function Gone({ id, signed }: { readonly id: string; readonly signed: boolean }) {
  const { data } = useNotice(id)
  if (data) {
    return (
      <Page title={signed ? 'Signed and published' : 'It is published'}>
        <Note tone="good" live>
          Enough people have signed. Readers see it now.
        </Note>
        <Row>
          <ButtonLink kind="primary" large href={`#/notice/${encodeURIComponent(data.identifier)}`}>
            See whom it reaches
          </ButtonLink>
        </Row>
      </Page>
    )
  }
  return (
    <Page title={signed ? 'Signed and in force' : 'Nothing waits here'}>
      <Note tone={signed ? 'good' : 'info'}>
        {signed
          ? 'Enough people have signed.'
          : 'It was published, withdrawn by whoever made it, or lapsed after 24 hours without enough signatures.'}
      </Note>
      <Row>
        <ButtonLink href="#/">To the board</ButtonLink>
      </Row>
    </Page>
  )
}
