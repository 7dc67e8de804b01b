import { useState } from 'react'
import { type Proposal, useAddSignature } from '../desk/index.js'
import { signatureOver, useKeys } from '../keys/index.js'
import { payloadIn } from '../notice/thread.js'
import { Button, Check, Note, Panel, Problem } from '../ui/index.js'

/** Signs the very bytes that the page shows. */
export function SignHere({
  proposal,
  owner,
  status,
  onPublished,
}: {
  readonly proposal: Proposal
  readonly owner: string
  /** Of a notice; null for another document. */
  readonly status: string | null
  /** That signature was the last that it needed. */
  readonly onPublished: () => void
}) {
  const { active } = useKeys()
  const add = useAddSignature()
  const [read, setRead] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)

  if (!active || !proposal.candidates.includes(owner)) {
    const who = proposal.candidates.join(', ')
    return (
      <Note tone="warn">
        <strong>Your signature would not count here.</strong>
        <span>
          {who
            ? `One of these can sign: ${who}. Send them the address of this page.`
            : 'Nobody in the keyset can sign it.'}
        </span>
      </Note>
    )
  }

  async function sign() {
    if (!active) return
    setBusy(true)
    setError(null)
    try {
      const { payloadType } = proposal.envelope
      const signature = await signatureOver(active, payloadType, payloadIn(proposal.envelope))
      const answer = await add.mutateAsync({ identifier: proposal.identifier, ...signature })
      if (answer.status === 'published') onPublished()
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }

  const missing = proposal.need - proposal.signers.length
  return (
    <Panel>
      <Check
        label={
          status
            ? 'I have read it, and it is right'
            : 'I have read what it changes, and it is right'
        }
        hint="If not, tell whoever made it."
        checked={read}
        onChange={(event) => setRead(event.target.checked)}
      />
      <Problem error={error} />
      <Button
        large
        kind={status === 'Actual' ? 'actual' : status ? 'exercise' : 'primary'}
        busy={busy}
        disabled={!read}
        onClick={() => void sign()}
      >
        {missing <= 1 ? `Sign as ${owner} and publish` : `Sign as ${owner}`}
      </Button>
    </Panel>
  )
}
