import { reachWords } from '../compose/AudiencePart.js'
import { useAudience, useNotices, useProposals } from '../desk/index.js'
import { useTrustedKeyset } from '../documents/trusted.js'
import { useKeys } from '../keys/index.js'
import { proofDue } from '../keys/reminder.js'
import { Busy, ButtonLink, Note, OldNews, Page, Panel, Problem, Row, Time } from '../ui/index.js'
import styles from './BoardPage.module.css'
import { ProposalItem, ThreadItem } from './items.js'
import { realFirst, statusOf } from './status.js'

/** What is showing now, what waits for a signature, and the way to send something. */
export function BoardPage() {
  const notices = useNotices()
  const proposals = useProposals()
  const threads = notices.data?.notices ?? []
  const waiting = proposals.data?.proposals ?? []
  const active = realFirst(threads.filter((thread) => thread.phase === 'active'))
  const ended = threads.filter((thread) => thread.phase !== 'active')
  const error = notices.error ?? proposals.error
  const stale = notices.data?.source?.state === 'stale'
  return (
    <Page title="Board">
      {error !== null &&
        (notices.data ? <OldNews error={error} /> : <Problem error={error} asked />)}
      {notices.data && <StatusNow threads={threads} />}
      {stale && (
        <Note tone="warn">
          <strong>The desk is cut off from the log. What stands here may be old.</strong>
          <span>
            Somebody may have sent or withdrawn something since. Until the desk is back it can’t
            send: if there is another desk, open its console.
          </span>
        </Note>
      )}
      <Reminders />
      {waiting.length > 0 && (
        <Panel title="Waiting for signatures">
          <ul className={styles.list}>
            {waiting.map((proposal) => (
              <ProposalItem key={proposal.identifier} proposal={proposal} />
            ))}
          </ul>
        </Panel>
      )}
      <Panel title="Showing now">
        {!notices.data && !notices.error && <Busy />}
        {!notices.data && notices.error && (
          <p>Not known: the desk has not said. Look at a portal.</p>
        )}
        {notices.data && active.length === 0 && <p>Nothing. Portals and calls show no notice.</p>}
        {active.length > 0 && (
          <ul className={styles.list}>
            {active.map((thread) => (
              <ThreadItem key={thread.identifier} thread={thread} />
            ))}
          </ul>
        )}
      </Panel>
      {ended.length > 0 && (
        <Panel title="Withdrawn and ended">
          <ul className={styles.list}>
            {ended.map((thread) => (
              <ThreadItem key={thread.identifier} thread={thread} />
            ))}
          </ul>
        </Panel>
      )}
    </Page>
  )
}

function StatusNow({ threads }: { readonly threads: Parameters<typeof statusOf>[0] }) {
  const connected = useAudience().data
  const { tone, words } = statusOf(threads)
  return (
    <section className={`${styles.status} ${tone ? styles[tone] : ''}`} aria-label="Status">
      <div>
        <h2>{words}</h2>
        {connected && <p>{reachWords(connected.sessions)}</p>}
      </div>
      <ButtonLink kind="primary" large href="#/new">
        Send a notice
      </ButtonLink>
    </section>
  )
}

/** What staff have to see to before it is needed: keys that end, backups that were not tried. */
function Reminders() {
  const { active } = useKeys()
  const { keyset } = useTrustedKeyset()
  const expires = keyset ? Date.parse(keyset.expires) : Number.NaN
  const soon = Date.now() + 14 * 24 * 3_600_000
  return (
    <>
      {active && proofDue(active.backedUp, new Date()) && (
        <Note tone="warn">
          <strong>The monthly test of your key is due.</strong>
          <Row>
            <ButtonLink href="#/key">Test it</ButtonLink>
          </Row>
        </Note>
      )}
      {keyset && expires < soon && (
        <Note tone="warn">
          <strong>
            The keyset {expires < Date.now() ? 'has expired' : 'expires'}{' '}
            <Time at={keyset.expires} />.
          </strong>
          <span>
            Ask whoever keeps the root key to sign a new one. Until then notices show, marked.
          </span>
        </Note>
      )}
    </>
  )
}
