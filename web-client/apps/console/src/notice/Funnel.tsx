import type { Notice } from '@tocsin/client'
import { audienceFrom, reachOf } from '../compose/audience.js'
import { useAudience, useReceipts } from '../desk/index.js'
import { Note, Problem, Table, Tag } from '../ui/index.js'
import styles from './Funnel.module.css'

/** Connected, received, displayed, confirmed: live, the newest revision as bars. */
export function Funnel({
  identifier,
  alert,
  active,
}: {
  readonly identifier: string
  readonly alert: Notice
  readonly active: boolean
}) {
  const { receipts, live, error } = useReceipts(identifier)
  const connected = useAudience().data
  const audience = audienceFrom(alert.addresses ?? [])
  const reach = audience && active ? reachOf(audience, connected) : null
  const revisions = receipts?.revisions ?? []
  const newest = revisions.at(-1)
  const stages = [
    ...(reach === null ? [] : [['Connected now', reach] as const]),
    ['Sent', newest?.sent],
    ['Received', newest?.received],
    ['Displayed', newest?.displayed],
    ['Confirmed', newest?.confirmed],
  ] as const
  const most = Math.max(1, ...stages.map(([, number]) => number ?? 0))
  return (
    <>
      <Problem error={error} asked />
      <p>
        <Tag tone={live ? 'good' : 'warn'}>{live ? 'Live' : 'Connecting …'}</Tag>
      </p>
      <ol className={styles.funnel}>
        {stages.map(([name, number]) => (
          <li key={name} className={styles.stage}>
            <span>{name}</span>
            <span className={styles.bar} aria-hidden="true">
              <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
                <rect width={(100 * (number ?? 0)) / most} height="1" />
              </svg>
            </span>
            <span className={styles.number}>
              {number?.toLocaleString('en-US') ?? (receipts ? '0' : 'not known')}
            </span>
          </li>
        ))}
      </ol>
      <p className={styles.note}>
        Sessions, not people: two tabs count twice. Displayed means that it was on a screen, not
        that somebody has read it; confirmed, that somebody pressed “I have read this”.
      </p>
      {revisions.length > 1 && (
        <details>
          <summary>By revision</summary>
          <Table
            caption="Receipts by revision"
            head={['Revision', 'Sent', 'Received', 'Displayed', 'Confirmed']}
          >
            {revisions.map((one) => (
              <tr key={one.revision}>
                <th scope="row">{one.revision === 0 ? 'First' : `Change ${one.revision}`}</th>
                <td>{one.sent}</td>
                <td>{one.received}</td>
                <td>{one.displayed}</td>
                <td>{one.confirmed}</td>
              </tr>
            ))}
          </Table>
        </details>
      )}
      {!live && receipts && <Note tone="warn">These numbers are not live at the moment.</Note>}
    </>
  )
}
