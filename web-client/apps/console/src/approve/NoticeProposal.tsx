import { useQuery } from '@tanstack/react-query'
import type { Info, Notice } from '@tocsin/client'
import { reachWords } from '../compose/AudiencePart.js'
import { audienceFrom, reachOf } from '../compose/audience.js'
import { ForWhom } from '../compose/ForWhom.js'
import { presetOf } from '../compose/presets.js'
import { StatusBand, statusWordsOf } from '../compose/StatusBand.js'
import { type Proposal, useAudience } from '../desk/index.js'
import { judge, noticeRoles } from '../documents/signers.js'
import { useTrustedKeyset } from '../documents/trusted.js'
import { Languages } from '../preview/Languages.js'
import { Facts } from '../ui/Facts.js'
import { Note, Panel, Tag, Time } from '../ui/index.js'
import { Follows } from './Follows.js'
import { parameterFacts } from './parameterFacts.js'
import { parametersOf } from './parameters.js'
import { referencesOf } from './proposed.js'

const acts = {
  Update: 'It changes a notice.',
  Cancel: 'It withdraws a notice.',
} as const

/** All that a notice says and does, for whoever is about to sign it. */
export function NoticeProposal({
  notice,
  proposal,
}: {
  readonly notice: Notice
  readonly proposal: Proposal
}) {
  const connected = useAudience().data
  const audience = audienceFrom(notice.addresses ?? [])
  const info = notice.info?.[0]
  const references = referencesOf(notice)
  return (
    <>
      <StatusBand status={notice.status}>{statusWordsOf(notice.status)}</StatusBand>
      <Panel>
        <Facts
          facts={[
            ...(notice.msgType === 'Alert' ? [] : [['What', acts[notice.msgType]] as const]),
            ['For', <ForWhom key="for" notice={notice} />],
            ...(notice.addresses
              ? [['Addresses', <code key="addresses">{notice.addresses.join(' ')}</code>] as const]
              : []),
            ['Reach', reachWords(audience && reachOf(audience, connected))],
            ...(info && !presetOf(info) ? [['How bad', gravityWords(info)] as const] : []),
            ...(info?.expires ? [['Ends', <Time key="ends" at={info.expires} />] as const] : []),
            ...parameterFacts(parametersOf(notice)),
            ...(notice.note ? [['Note', <bdi key="note">{notice.note}</bdi>] as const] : []),
            ['Signed by', <Signatures key="signed" proposal={proposal} notice={notice} />],
          ]}
        />
      </Panel>
      {references && <Follows notice={notice} references={references} />}
      {info && (
        <Panel title="The notice">
          <Languages notice={notice} />
        </Panel>
      )}
    </>
  )
}

/** For what no preset is: of those the banner names the severity, and no two have the same. */
function gravityWords({ urgency, severity, certainty }: Info): string {
  return `${urgency}, ${severity}, ${certainty}`
}

function Signatures({
  proposal,
  notice,
}: {
  readonly proposal: Proposal
  readonly notice: Notice
}) {
  const { keyset, state } = useTrustedKeyset()
  const { envelope } = proposal
  const { data } = useQuery({
    queryKey: ['judged', envelope, keyset],
    queryFn: () => (keyset ? judge(envelope, keyset, noticeRoles, notice) : []),
  })
  if (state === 'asking' || !data) return <span>…</span>
  if (!keyset) return <Note tone="bad">Not known: the keyset is not to be trusted.</Note>
  return (
    <span>
      {data.map(({ owner, keyid, counts }) => (
        <span key={keyid}>
          {owner ?? 'unknown'}{' '}
          <Tag tone={counts ? 'good' : 'bad'}>{counts ? 'verified' : 'does not count'}</Tag>{' '}
        </span>
      ))}
      {data.length === 0 && <Note>Nobody yet.</Note>}
    </span>
  )
}
