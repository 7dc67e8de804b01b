import { useState } from 'react'
import { postureType, useKeyset, usePosture, useProposals } from '../desk/index.js'
import type { Posture } from '../documents/open.js'
import {
  postureEffects,
  postureInShort,
  publicAnyway,
  shortHash,
} from '../documents/postureWords.js'
import { Refused } from '../documents/Refused.js'
import type { Signers } from '../documents/signers.js'
import { usePostureInForce } from '../documents/trusted.js'
import { WaitingDocuments } from '../documents/WaitingDocuments.js'
import { useSession } from '../login/session.js'
import { clock } from '../ui/clock.js'
import { Busy, Button, Note, Page, Panel, Problem, Row, Tag } from '../ui/index.js'
import type { Edit } from './change.js'
import { EditDialog } from './EditDialog.js'
import styles from './posture.module.css'
import { RevokeForm } from './RevokeForm.js'
import { SituationForm } from './SituationForm.js'
import { situations } from './situations.js'

/** An edit that waits to be read and signed. */
export interface Draft {
  readonly title: string
  readonly edit: Edit
  /** What must be typed first, for what hits everybody; '' for nothing. */
  readonly typed: string
}

/** What is void in a crisis of credentials, and how to change it. */
export function PosturePage() {
  const held = usePosture()
  const proposals = useProposals()
  const { error: keysetError } = useKeyset()
  const session = useSession()
  const [draft, setDraft] = useState<Draft | null>(null)
  const inForce = usePostureInForce()
  const verified = inForce.state === 'verified'
  const posture = verified ? inForce.doc : null
  const operator = session.state === 'in' && session.roles.includes('operator')
  return (
    <Page
      title="Posture"
      intro="Which logins are believed. Change it when the login service is broken, or when logins or keys are in wrong hands. Public notices reach everybody, whatever stands here."
    >
      <Problem error={held.error ?? proposals.error ?? keysetError} asked />
      {inForce.state === 'asking' && !inForce.error && <Busy />}
      {inForce.state === 'refused' && <Refused what="a posture" />}
      {verified && <InForce posture={posture} by={inForce.by} />}
      <WaitingDocuments payloadType={postureType} />
      {!operator && (
        <Note>
          Only a key with the role operator can change the posture. Yours can read it, and prepare
          nothing here.
        </Note>
      )}
      {operator && verified && (
        <>
          <Panel title="What has happened?">
            <div className={styles.situations}>
              {situations.map((situation) => (
                <SituationForm key={situation.kind} situation={situation} onDraft={setDraft} />
              ))}
            </div>
          </Panel>
          <AllClear posture={posture} onDraft={setDraft} />
          <Panel title="One person, or one login">
            <RevokeForm onDraft={setDraft} />
          </Panel>
          <Panel title="Single settings">
            <Settings posture={posture} onDraft={setDraft} />
          </Panel>
        </>
      )}
      {draft && verified && (
        <EditDialog draft={draft} held={posture} onClose={() => setDraft(null)} />
      )}
    </Page>
  )
}

function InForce({
  posture,
  by,
}: {
  readonly posture: Posture | null
  readonly by: Signers | null
}) {
  const effects = postureEffects(posture)
  const revoked = posture?.revoked ?? []
  const nothing = effects.length + revoked.length === 0
  return (
    <Panel
      title="In force now"
      aside={<Tag tone={nothing ? 'good' : 'warn'}>{postureInShort(posture)}</Tag>}
    >
      {nothing && <p>Every login that is valid is believed.</p>}
      <ul className={styles.effects}>
        {effects.map((effect) => (
          <li key={effect}>{effect}</li>
        ))}
        {revoked.length > 0 && (
          <li>
            Revoked, and seeing public notices only: {revoked.length}{' '}
            {revoked.length === 1 ? 'person or login' : 'people or logins'}.
          </li>
        )}
      </ul>
      <p>{publicAnyway}</p>
      {posture && by && <Provenance posture={posture} by={by} />}
    </Panel>
  )
}

/** Who answers for the posture, as verified here. */
function Provenance({ posture, by }: { readonly posture: Posture; readonly by: Signers }) {
  return (
    <p className={styles.provenance}>
      Version {posture.version}, {clock(posture.sent)}, signed by {by.owners.join(' and ')}{' '}
      (verified)
      {by.breakGlass && (
        <>
          {' '}
          <Tag tone="warn">BREAK-GLASS</Tag>
        </>
      )}
      {posture.note && <>. Why: “{posture.note}”</>}
    </p>
  )
}

function AllClear({
  posture,
  onDraft,
}: {
  readonly posture: Posture | null
  readonly onDraft: (draft: Draft) => void
}) {
  const open = Object.values(posture?.issuerBlocked ?? {}).some((b) => b.until === undefined)
  const some =
    posture?.incident === true ||
    open ||
    Object.keys(posture?.tokensNotBefore ?? {}).length > 0 ||
    (posture?.revoked ?? []).length > 0
  if (!some) return null
  return (
    <Panel title="All clear">
      <p>
        The crisis is over: valid logins are believed again, and nobody is revoked. What a thief may
        hold stays void: logins and tickets made while keys were in wrong hands, and tickets of
        earlier epochs.
      </p>
      <Row>
        <Button onClick={() => onDraft({ title: 'All clear', edit: { kind: 'clear' }, typed: '' })}>
          Give the all clear …
        </Button>
      </Row>
    </Panel>
  )
}

function Settings({
  posture,
  onDraft,
}: {
  readonly posture: Posture | null
  readonly onDraft: (draft: Draft) => void
}) {
  const incident = posture?.incident === true
  const blocked = Object.entries(posture?.issuerBlocked ?? {}).filter(([, b]) => !b.until)
  const draft = (title: string, edit: Edit, typed = '') => onDraft({ title, edit, typed })
  return (
    <ul className={styles.settings}>
      <li>
        <span>
          <strong>Incident: {incident ? 'declared' : 'none'}.</strong> While one is declared, nodes
          put off what does not serve the crisis; receipts come later.
        </span>
        <Button
          onClick={() =>
            draft(incident ? 'The incident is over' : 'Declare an incident', {
              kind: 'incident',
              on: !incident,
            })
          }
        >
          {incident ? 'It is over …' : 'Declare one …'}
        </Button>
      </li>
      {blocked.map(([issuer, block]) => (
        <li key={issuer}>
          <span>
            <strong>{issuer} is blocked</strong> since {clock(block.since)}. Believe it again only
            after it has new keys; everyone logs in anew.
          </span>
          <Button onClick={() => draft(`Believe ${issuer} again`, { kind: 'unblock', issuer })}>
            Believe it again …
          </Button>
        </li>
      ))}
      <li>
        <span>
          <strong>Ticket epoch: {posture?.ticketEpoch ?? 0}.</strong> A ticket lets a device that
          was logged in within 30 days go on when login fails. Raise the epoch if a node was broken
          into: all tickets are void, for good. Who is logged in gets a new one unasked.
        </span>
        <Button
          kind="danger"
          onClick={() =>
            draft('Make all tickets void', { kind: 'next-ticket-epoch' }, 'VOID TICKETS')
          }
        >
          Make all tickets void …
        </Button>
      </li>
      {(posture?.revoked ?? []).map(({ hash, until }) => (
        <li key={hash}>
          <span>
            <strong>Revoked:</strong> <code>{hash.slice(0, shortHash)}…</code> until {clock(until)}.
          </span>
          <Button onClick={() => draft('Believe this one again', { kind: 'unrevoke', hash })}>
            Believe again …
          </Button>
        </li>
      ))}
    </ul>
  )
}
