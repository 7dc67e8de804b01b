import { isProblem, type Proposal, useNotice } from '../desk/index.js'
import { namedDocument } from '../documents/names.js'
import { Busy, ButtonLink, Note, Page, Problem, Row } from '../ui/index.js'
import { Ended, Withdrawn } from './Ended.js'
import { GoneDocument } from './GoneDocument.js'

/** Nothing waits under the name (any more): says what has become of it. */
export function Gone({
  id,
  was,
  signed,
}: {
  readonly id: string
  /** What waited while this page was open. */
  readonly was: Proposal | null
  /** The signature of whoever reads this has published it. */
  readonly signed: boolean
}) {
  if (namedDocument(id)) return <GoneDocument id={id} was={was} signed={signed} />
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
  if (!data && !signed) return <Withdrawn />
  if (!data) {
    return (
      <Ended title="Signed" good>
        Enough people have signed.
      </Ended>
    )
  }
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
