import {
  contactsType,
  type HeldDocument,
  isProblem,
  keysetType,
  noticeType,
  type Proposal,
  postureType,
  useContactsDocument,
  useKeyset,
  useNotice,
  usePosture,
} from '../desk/index.js'
import { documentName } from '../documents/names.js'
import { Busy, ButtonLink, Note, Page, Problem, Row } from '../ui/index.js'

/** Nothing waits under the name (any more): says what has become of it. */
export function Gone({
  id,
  was,
  signed,
}: {
  readonly id: string
  /** What waited while this page was open. */
  readonly was: Proposal | null
  /** By whoever reads this, just now. */
  readonly signed: boolean
}) {
  if (was && was.envelope.payloadType !== noticeType) {
    return <GoneDocument id={id} was={was} signed={signed} />
  }
  return <GoneNotice id={id} signed={signed} />
}

function GoneNotice({ id, signed }: { readonly id: string; readonly signed: boolean }) {
  const { data, error } = useNotice(id)
  if (!data && !isProblem(error, 'not-found')) {
    return error ? (
      <Page title={signed ? 'Signed' : 'It waits no more'}>
        <Problem error={error} asked />
      </Page>
    ) : (
      <Busy>Looking what became of it …</Busy>
    )
  }
  if (!data) return <Nothing signed={signed} />
  const own = data.messages?.find(({ identifier }) => identifier === id)
  return (
    <Page title={signed ? 'Signed and published' : 'It is published'}>
      <Note tone="good" live>
        {data.phase === 'active' && 'Readers see it now.'}
        {data.phase === 'withdrawn' &&
          (own && own === data.messages?.at(-1)
            ? 'Enough people have signed. Readers see the notice as withdrawn now.'
            : 'It was published, and has been withdrawn since.')}
        {data.phase === 'over' && 'It was published, and has ended since.'}
        {data.phase === 'unconfirmed' &&
          'Enough people have signed; the desk is finding out whether it is published.'}
      </Note>
      <Row>
        <ButtonLink kind="primary" large href={`#/notice/${encodeURIComponent(data.identifier)}`}>
          See whom it reaches
        </ButtonLink>
      </Row>
    </Page>
  )
}

function GoneDocument({
  id,
  was,
  signed,
}: {
  readonly id: string
  readonly was: Proposal
  readonly signed: boolean
}) {
  const held: Readonly<Record<string, HeldDocument | null | undefined>> = {
    [keysetType]: useKeyset().data,
    [contactsType]: useContactsDocument().data,
    [postureType]: usePosture().data,
  }
  const { payloadType, payload } = was.envelope
  if (!signed && held[payloadType]?.envelope.payload !== payload) return <Nothing signed={false} />
  return (
    <Page title={signed ? 'Signed and in force' : 'It is in force'}>
      <Note tone="good" live>
        Enough people have signed {documentName(id)}.
      </Note>
      <ToBoard />
    </Page>
  )
}

function Nothing({ signed }: { readonly signed: boolean }) {
  return (
    <Page title={signed ? 'Signed' : 'Nothing waits here'}>
      <Note tone={signed ? 'good' : 'info'} live>
        {signed
          ? 'Enough people have signed.'
          : 'It was withdrawn by whoever made it, or lapsed after 24 hours without enough signatures; or the link is not complete.'}
      </Note>
      <ToBoard />
    </Page>
  )
}

function ToBoard() {
  return (
    <Row>
      <ButtonLink href="#/">To the board</ButtonLink>
    </Row>
  )
}
