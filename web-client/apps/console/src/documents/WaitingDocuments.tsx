import { useProposals, useWithdraw } from '../desk/index.js'
import { useSession } from '../login/session.js'
import { people } from '../ui/count.js'
import { Button, ButtonLink, Panel, Problem, Row, Time } from '../ui/index.js'
import styles from './documents.module.css'
import { documentName } from './names.js'

/**
 * The documents of one type that wait for signatures, each with its way to sign it; nothing if there
 * are none. That the desk does not say so, the page says.
 */
export function WaitingDocuments({ payloadType }: { readonly payloadType: string }) {
  const proposals = useProposals()
  const session = useSession()
  const owner = session.state === 'in' ? session.owner : ''
  const withdraw = useWithdraw()
  const waiting = (proposals.data?.proposals ?? []).filter((p) => p.payloadType === payloadType)
  if (waiting.length === 0) return null
  return (
    <Panel title="Waiting for a signature">
      <Problem error={withdraw.error} />
      <ul className={styles.waiting}>
        {waiting.map((p) => {
          const signed = p.signers.map((s) => s.owner)
          const mine = signed.includes(owner)
          const missing = Math.max(1, p.need - signed.length)
          const path = `#/approve/${encodeURIComponent(p.identifier)}`
          return (
            <li key={p.identifier}>
              <span>
                <strong>{documentName(p.identifier)}</strong>, signed by{' '}
                {signed.join(', ') || 'nobody yet'}; {people(missing)} more{' '}
                {missing === 1 ? 'is' : 'are'} needed, until <Time at={p.expires} />
              </span>
              <Row>
                {mine && (
                  <Button
                    kind="quiet"
                    busy={withdraw.isPending}
                    onClick={() => withdraw.mutate(p.identifier)}
                  >
                    Take back
                  </Button>
                )}
                <ButtonLink href={path} kind={mine ? 'plain' : 'primary'}>
                  {mine ? 'Read it' : 'Read and sign'}
                </ButtonLink>
              </Row>
            </li>
          )
        })}
      </ul>
    </Panel>
  )
}
