import {
  askEvery,
  type Desk,
  type HeldDocument,
  type Proposal,
  useAsked,
  useDesk,
} from '../desk/index.js'
import { documentName, namedDocument } from '../documents/names.js'
import { tryOpen } from '../documents/open.js'
import { Busy, Page, Problem } from '../ui/index.js'
import { Ended, Withdrawn } from './Ended.js'

/** How to ask for what is in force of each kind. */
const asks: Readonly<
  Record<string, (desk: Desk, signal: AbortSignal) => Promise<HeldDocument | null>>
> = {
  keyset: (desk, signal) => desk.keyset(signal),
  contacts: (desk, signal) => desk.contacts(signal),
  posture: (desk, signal) => desk.posture(signal),
}

/** What has become of a document that is named by its kind and a number. */
export function GoneDocument({
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
  const ask = asks[namedDocument(id)?.kind ?? '']
  if (signed) return <InForce id={id} title="Signed and in force" />
  if (!ask) return <Untold />
  return <GoneVersion id={id} was={was} ask={ask} />
}

function GoneVersion({
  id,
  was,
  ask,
}: {
  readonly id: string
  readonly was: Proposal | null
  readonly ask: (desk: Desk, signal: AbortSignal) => Promise<HeldDocument | null>
}) {
  const desk = useDesk()
  const { data, error } = useAsked({
    // Asked by this page alone, once the document waits no more: what was heard of it before may
    // be what was in force then.
    queryKey: ['gone', id],
    queryFn: ({ signal }) => ask(desk, signal),
    refetchInterval: askEvery,
    gcTime: 0,
  })
  if (data === undefined) {
    return error ? (
      <Page title="It waits no more">
        <Problem error={error} asked />
      </Page>
    ) : (
      <Busy>Looking what became of it …</Busy>
    )
  }
  if (data === null) return <Withdrawn />
  const held = tryOpen(data.envelope)?.identifier ?? ''
  const newer = versionOf(held) - versionOf(id)
  if (Number.isNaN(newer)) return <Untold />
  if (newer < 0) return <Withdrawn />
  if (newer > 0) {
    return (
      <Ended>
        {documentName(held)}, is in force. {documentName(id)}, was before it, or was overtaken.
      </Ended>
    )
  }
  if (was && was.envelope.payload !== data.envelope.payload) {
    return <Ended>{documentName(id)}, is in force, but not as you have read it here.</Ended>
  }
  return <InForce id={id} title="It is in force" />
}

/** NaN of what has none. */
function versionOf(identifier: string): number {
  return Number(namedDocument(identifier)?.number)
}

function InForce({ id, title }: { readonly id: string; readonly title: string }) {
  return (
    <Ended title={title} good>
      Enough people have signed {documentName(id)}.
    </Ended>
  )
}

/** For what the desk does not tell. */
function Untold() {
  return (
    <Ended>
      Either enough people have signed it, or it was withdrawn by whoever made it, or it lapsed
      after 24 hours. The desk does not say which.
    </Ended>
  )
}
