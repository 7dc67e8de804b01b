import type { Info, Notice } from '@tocsin/client'
import { useEffect, useState } from 'react'
import { reachWords } from '../compose/AudiencePart.js'
import { audienceFrom, reachOf } from '../compose/audience.js'
import { presetOf } from '../compose/presets.js'
import { StatusBand } from '../compose/StatusBand.js'
import { type Proposal, useAudience, useKeyset } from '../desk/index.js'
import { Bytes } from '../documents/Bytes.js'
import { keysetIn } from '../documents/open.js'
import { payloadIn } from '../notice/thread.js'
import { Languages } from '../preview/Languages.js'
import { Facts } from '../ui/Facts.js'
import { Note, Panel, Tag, Time } from '../ui/index.js'
import { Follows } from './Follows.js'
import { referencesOf } from './proposed.js'
import { type Verified, verifySignatures } from './signatures.js'

const acts = {
  Alert: 'A new notice.',
  Update: 'It changes a notice that is showing.',
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
  const parameter = (name: string) =>
    info?.parameter?.find((pair) => pair.valueName === name)?.value
  const next = parameter('nextUpdateBy')
  const directive = parameter('directive')
  return (
    <>
      <StatusBand status={notice.status}>
        {notice.status === 'Actual'
          ? 'It is real. Readers will act on it.'
          : 'A drill, marked as one.'}
      </StatusBand>
      <Panel>
        <Facts
          facts={[
            ['What', acts[notice.msgType]],
            ['For', notice.restriction ?? 'Everyone'],
            ...(notice.addresses
              ? [['Addresses', <code key="addresses">{notice.addresses.join(' ')}</code>] as const]
              : []),
            ['Reach', reachWords(audience && reachOf(audience, connected))],
            ...(info ? ([['How bad', gravityWords(info)]] as const) : []),
            ...(info?.expires ? [['Ends', <Time key="ends" at={info.expires} />] as const] : []),
            ...(next ? [['Next update by', <Time key="next" at={next} />] as const] : []),
            ...(directive ? [['It also does', directiveWords(directive)] as const] : []),
            ...(notice.note ? [['Note', <bdi key="note">{notice.note}</bdi>] as const] : []),
            ['Signed by', <Signatures key="signed" proposal={proposal} />],
          ]}
        />
      </Panel>
      {references && <Follows notice={notice} references={references} />}
      {info && (
        <Panel title="What readers will see">
          <Languages notice={notice} />
        </Panel>
      )}
      <Panel>
        <Bytes payload={payloadIn(proposal.envelope)} />
      </Panel>
    </>
  )
}

/** As it was asked of the first person, and as CAP has it. */
function gravityWords(info: Info): string {
  const values = `${info.urgency}, ${info.severity}, ${info.certainty}`
  const preset = presetOf(info)
  return preset ? `${preset.name} (${values})` : values
}

function directiveWords(directive: string): string {
  return directive === 'pause-booking' ? 'Stops the booking of appointments in portals' : directive
}

function Signatures({ proposal }: { readonly proposal: Proposal }) {
  const held = useKeyset().data
  const [verified, setVerified] = useState<readonly Verified[]>([])
  useEffect(() => {
    let stopped = false
    void verifySignatures(proposal.envelope, keysetIn(held?.envelope)).then((all) => {
      if (!stopped) setVerified(all)
    })
    return () => {
      stopped = true
    }
  }, [proposal.envelope, held])
  return (
    <span>
      {verified.map(({ owner, keyid, good }) => (
        <span key={keyid}>
          {owner} <Tag tone={good ? 'good' : 'bad'}>
            {good ? 'verified' : 'does not count'}
          </Tag>{' '}
        </span>
      ))}
      {verified.length === 0 && <Note>Nobody yet.</Note>}
    </span>
  )
}
