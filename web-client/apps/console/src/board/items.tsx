import { forWhom } from '../compose/audience.js'
import {
  noticeType,
  type Proposal,
  type Thread,
  untilAnswered,
  useAsked,
  useDesk,
} from '../desk/index.js'
import { documentName } from '../documents/names.js'
import { useSession } from '../login/session.js'
import { contentOf, noticeIn } from '../notice/thread.js'
import { count } from '../ui/count.js'
import { ButtonLink, Row, StatusTag, Tag, Time } from '../ui/index.js'
import styles from './BoardPage.module.css'

const acts = { Alert: 'sent', Update: 'changed', Cancel: 'withdrawn' } as const

/** A thread on the board. */
export function ThreadItem({ thread }: { readonly thread: Thread }) {
  const whole = useWhole(thread)
  const notice = contentOf(whole)
  const message = noticeIn(thread.current?.envelope)
  const info = notice?.info?.[0]
  const title = info?.headline ?? info?.event ?? thread.identifier
  return (
    <li className={styles.item}>
      <Row>
        {notice && <StatusTag status={notice.status} />}
        {thread.phase !== 'active' && <Tag>{thread.phase === 'over' ? 'ended' : thread.phase}</Tag>}
        {info && <Tag>{info.severity}</Tag>}
      </Row>
      <a className={styles.title} href={`#/notice/${encodeURIComponent(thread.identifier)}`}>
        <bdi>{title}</bdi>
      </a>
      <span className={styles.facts}>
        {notice ? forWhom(notice) : 'For whom is not known'} ·{' '}
        {message ? acts[message.msgType] : 'sent'}{' '}
        {thread.current && <Time at={thread.current.time} />}
        {thread.phase === 'active' && info?.expires && (
          <>
            {' '}
            · ends <Time at={info.expires} />
          </>
        )}
      </span>
    </li>
  )
}

/** The thread with its messages, if what it says can't be told without them: of a Cancel. */
function useWhole(thread: Thread): Thread {
  const desk = useDesk()
  const { data } = useAsked({
    queryKey: ['withdrawn', thread.identifier],
    queryFn: ({ signal }) => desk.notice(thread.identifier, signal),
    enabled: noticeIn(thread.current?.envelope)?.info === undefined,
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: untilAnswered,
  })
  return data ?? thread
}

/** Something that waits for signatures. */
export function ProposalItem({ proposal }: { readonly proposal: Proposal }) {
  const session = useSession()
  const owner = session.state === 'in' ? session.owner : ''
  const notice = proposal.payloadType === noticeType ? noticeIn(proposal.envelope) : null
  const mayCount = proposal.candidates.includes(owner) && !proposal.superseded
  const title = notice?.info?.[0]?.headline ?? notice?.note ?? documentName(proposal.identifier)
  const missing = Math.max(1, proposal.need - proposal.signers.length)
  return (
    <li className={styles.item}>
      <Row>
        {notice ? <StatusTag status={notice.status} /> : <Tag>document</Tag>}
        {mayCount && <Tag tone="warn">Your signature is wanted</Tag>}
        {proposal.superseded && <Tag>overtaken</Tag>}
      </Row>
      <bdi className={styles.title}>{title}</bdi>
      <span className={styles.facts}>
        {proposal.superseded ? (
          'It can’t be published any more, and goes by itself.'
        ) : (
          <>
            {proposal.signers.map((signer) => signer.owner).join(', ')} signed ·{' '}
            {count(missing, 'signature')} to go · until <Time at={proposal.expires} />
          </>
        )}
      </span>
      <Row>
        <ButtonLink
          kind={mayCount ? 'primary' : 'plain'}
          href={`#/approve/${encodeURIComponent(proposal.identifier)}`}
        >
          {mayCount ? 'Read and sign' : 'Look at it'}
        </ButtonLink>
      </Row>
    </li>
  )
}
