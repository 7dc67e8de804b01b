import styles from '../compose/compose.module.css'
import { type Proposal, useWithdraw } from '../desk/index.js'
import { go } from '../router.js'
import { Button, Copy, Note, Panel, Problem, Row, Time } from '../ui/index.js'

/** For whoever has signed: whose signature is needed, and the link to send to them. */
export function Waiting({ proposal }: { readonly proposal: Proposal }) {
  const withdraw = useWithdraw()
  const link = `${location.origin}/#/approve/${encodeURIComponent(proposal.identifier)}`
  const missing = Math.max(1, proposal.need - proposal.signers.length)
  return (
    <Panel title={`${missing > 1 ? `${missing} signatures to go. ` : ''}Nobody sees it yet.`}>
      <p>
        {proposal.candidates.length > 0 ? (
          <>
            Call, and send the link: <strong>{proposal.candidates.join(' or ')}</strong>
          </>
        ) : (
          'Nobody else in the keyset can sign this. Ask whoever keeps the root key.'
        )}
      </p>
      <code className={styles.link}>{link}</code>
      <Row>
        <Copy text={link}>Copy the link</Copy>
      </Row>
      <Note>
        <span>
          The link is no secret: it opens for staff with a key only, on a telephone too. It waits
          until <Time at={proposal.expires} />. This page shows when it is published.
        </span>
      </Note>
      <Problem error={withdraw.error} />
      <Row>
        <Button
          kind="danger"
          busy={withdraw.isPending}
          onClick={() => withdraw.mutate(proposal.identifier, { onSuccess: () => go('/') })}
        >
          Take it back
        </Button>
      </Row>
    </Panel>
  )
}
