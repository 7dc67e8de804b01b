import type { Key, Keyset } from '@tocsin/client/verify'
import { keysetType, useKeyset, useProposals } from '../desk/index.js'
import { Fold } from '../documents/Fold.js'
import { mayWords, standing, thresholdWords, warnBeforeMs } from '../documents/keysetWords.js'
import { keysetIn } from '../documents/open.js'
import { useTrustedKeyset } from '../documents/trusted.js'
import { WaitingDocuments } from '../documents/WaitingDocuments.js'
import { clock, span } from '../ui/clock.js'
import { count, people } from '../ui/count.js'
import { Busy, Fingerprint, Note, Page, Panel, Problem, Tag } from '../ui/index.js'
import { AddKey } from './AddKey.js'
import { InviteForm } from './InviteForm.js'
import { KeysetOrigin } from './KeysetOrigin.js'
import { PublishKeyset } from './PublishKeyset.js'
import styles from './staff.module.css'

/** Whose signatures count, for what, and until when; and how somebody new joins. */
export function StaffPage() {
  const held = useKeyset()
  const proposals = useProposals()
  const keyset = keysetIn(held.data?.envelope)
  const trusted = useTrustedKeyset().keyset !== null
  return (
    <Page
      title="People and keys"
      intro="Whose signatures count, and for what. This is decided by the root keys, which stay offline: nobody can change it here, and no server can."
    >
      <Problem error={held.error ?? proposals.error} asked />
      {held.data === undefined && !held.error && <Busy />}
      {keyset && held.data && (
        <>
          <Expiry keyset={keyset} />
          <Panel title="People" aside={`Keyset, version ${keyset.version}`}>
            <Keys keyset={keyset} />
            <KeysetOrigin keyset={keyset} />
          </Panel>
          <Panel title="How many must sign">
            <Thresholds keyset={keyset} />
          </Panel>
        </>
      )}
      <WaitingDocuments payloadType={keysetType} />
      <Panel title="Somebody new">
        <Fold
          title="Invite somebody"
          words="A link by which a colleague makes a key in their own browser."
        >
          <InviteForm />
        </Fold>
        <Fold
          title="Let a key count"
          words="For whoever holds the root keys: compare the fingerprint, and get the commands."
        >
          {trusted ? (
            <AddKey held={held.data ?? null} />
          ) : (
            <Note tone="bad">
              Not from this keyset: it is not signed by roots that this browser knows.
            </Note>
          )}
        </Fold>
        <Fold
          title="Publish a signed keyset"
          words="Hand in the file that the root keys have signed, and read what it changes."
        >
          <PublishKeyset />
        </Fold>
      </Panel>
    </Page>
  )
}

function Expiry({ keyset }: { readonly keyset: Keyset }) {
  const left = Date.parse(keyset.expires) - Date.now()
  const soon = (keyset.keys ?? []).filter((key) => standing(key, Date.now()) === 'ends-soon')
  return (
    <>
      {left < warnBeforeMs && (
        <Note tone={left < 0 ? 'bad' : 'warn'}>
          <strong>
            {left < 0
              ? `The keyset was to be renewed ${span(-left)} ago.`
              : `The keyset is to be renewed within ${span(left)}.`}
          </strong>
          <span>
            Notices show nevertheless, marked as signed under an old keyset. Whoever holds the root
            keys signs a new version: “tocsin keyset policy --help”.
          </span>
        </Note>
      )}
      {soon.length > 0 && (
        <Note tone="warn">
          <strong>{count(soon.length, 'key ends', 'keys end')} within 30 days.</strong>
          <span>
            Have {soon.length === 1 ? 'it' : 'them'} renewed by whoever holds the root keys:{' '}
            {soon
              .map((key) => `${key.owner} in ${span(Date.parse(key.notAfter) - Date.now())}`)
              .join(', ')}
            .
          </span>
        </Note>
      )}
      {keyset.dev === true && (
        <Note>This keyset is for a developer’s machine. No patient’s device accepts it.</Note>
      )}
    </>
  )
}

function Keys({ keyset }: { readonly keyset: Keyset }) {
  const keys = [...(keyset.keys ?? [])].sort((a, b) => (a.owner < b.owner ? -1 : 1))
  return (
    <ul className={styles.keys}>
      {keys.map((key) => (
        <li key={key.keyid}>
          <h3>
            {key.owner} <Marks of={key} />
          </h3>
          <p>
            May {mayWords(key.roles)}, until {clock(key.notAfter)}.
          </p>
          <Fingerprint keyid={key.keyid} short />
        </li>
      ))}
    </ul>
  )
}

function Marks({ of: key }: { readonly of: Key }) {
  const state = standing(key, Date.now())
  return (
    <span className={styles.marks}>
      {key.breakGlass === true && <Tag tone="warn">Break-glass</Tag>}
      {state === 'ended' && <Tag tone="bad">Ended</Tag>}
      {state === 'ends-soon' && <Tag tone="warn">Ends soon</Tag>}
      {state === 'not-yet' && <Tag>Not yet</Tag>}
    </span>
  )
}

function Thresholds({ keyset }: { readonly keyset: Keyset }) {
  return (
    <>
      <dl className={styles.thresholds}>
        {thresholdWords(keyset).map(({ what, need }) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>{people(need)}</dd>
          </div>
        ))}
      </dl>
      <p>
        A person counts once, whatever the number of keys. A notice needs somebody who may write
        notices among its signers.
      </p>
      {(keyset.policy?.linkHosts ?? []).length > 0 && (
        <p>Notices may link to {keyset.policy?.linkHosts?.join(', ')}, and to nothing else.</p>
      )}
    </>
  )
}
