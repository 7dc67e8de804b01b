import type { Answer } from '../desk/index.js'
import { people } from '../ui/count.js'
import { Copy, Note, Row } from '../ui/index.js'

/** What became of a document that was signed: in force, or waiting, and for whom. */
export function Outcome({ answer }: { readonly answer: Answer }) {
  if (answer.status === 'published') {
    return (
      <Note tone="good" live>
        <strong>In force.</strong>
        <span>It reaches every node within seconds.</span>
      </Note>
    )
  }
  const link = `${location.origin}/#/approve/${encodeURIComponent(answer.identifier)}`
  const missing = Math.max(1, (answer.need ?? 0) - answer.signers.length)
  return (
    <Note tone="warn" live>
      <strong>Signed. It waits for {people(missing)} more.</strong>
      <span>
        {(answer.candidates ?? []).length > 0
          ? `One of these can sign next: ${answer.candidates?.join(', ')}.`
          : 'Nobody else in the keyset can sign this: ask whoever keeps the keys.'}{' '}
        Nothing changes until then. Send them this link:
      </span>
      <code>{link}</code>
      <Row>
        <Copy text={link}>Copy the link</Copy>
      </Row>
    </Note>
  )
}
