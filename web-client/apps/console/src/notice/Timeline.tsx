import type { Message } from '../desk/index.js'
import { Bytes } from '../documents/Bytes.js'
import { Tag, Time } from '../ui/index.js'
import { SignedBy } from './SignedBy.js'
import styles from './Timeline.module.css'
import { noticeIn, payloadIn } from './thread.js'

const acts = { Alert: 'Sent', Update: 'Changed', Cancel: 'Withdrawn' } as const

/** What the log holds of a notice. It can't be edited, here or anywhere. */
export function Timeline({
  messages,
  signers,
}: {
  readonly messages: readonly Message[]
  /** As verified here, by identifier; undefined until it is known. */
  readonly signers: ReadonlyMap<string, readonly string[]> | undefined
}) {
  return (
    <ol className={styles.list}>
      {messages.map((message) => {
        const notice = noticeIn(message.envelope)
        return (
          <li key={message.identifier} className={styles.item}>
            <span>
              <strong>
                {notice ? acts[notice.msgType] : 'A message that this console can’t read'}
              </strong>{' '}
              by <SignedBy owners={signers?.get(message.identifier)} asking={!signers} />{' '}
              {message.breakGlass && <Tag tone="warn">Break-glass key</Tag>}
            </span>
            <span className={styles.when}>
              <Time at={notice?.sent ?? message.time} /> · entry {message.seq} of the log
            </span>
            {notice?.msgType !== 'Cancel' && <bdi>{notice?.info?.[0]?.headline}</bdi>}
            {notice?.note && <bdi>“{notice.note}”</bdi>}
            <Bytes payload={payloadIn(message.envelope)} />
          </li>
        )
      })}
    </ol>
  )
}
