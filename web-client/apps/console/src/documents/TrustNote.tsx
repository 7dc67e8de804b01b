import type { Trust } from '@tocsin/client/verify'
import { useState } from 'react'
import { useKeyset, useTrust } from '../desk/index.js'
import { Button, Check, Fingerprint, Note, Problem, Row } from '../ui/index.js'
import { useRootedKeyset, useTrustNewRoots } from './trusted.js'

/** Says on every page that what the desk serves is not to be trusted; nothing while it is. */
export function TrustNote() {
  const judged = useRootedKeyset()
  const { error } = useTrust()
  const keyset = useKeyset()
  // A desk that answers nothing at all is said to by the page itself.
  if (error && keyset.data !== undefined && !keyset.error) return <Problem error={error} asked />
  switch (judged.state) {
    case 'changed':
      return <Changed before={judged.before} now={judged.now} />
    case 'refused':
      return (
        <Note tone="bad" live>
          <strong>
            This desk’s keyset is not signed by the root keys that this browser knows.
          </strong>
          <span>
            Or it is an older one. No signature can be judged here: sign nothing, and change
            nothing. Ask whoever keeps the root keys; “tocsin status” tells from another machine. If
            the root keys were changed, the desk needs the new ones, too (--trust).
          </span>
        </Note>
      )
    default:
      return null
  }
}

function Changed({ before, now }: { readonly before: Trust; readonly now: Trust }) {
  const trust = useTrustNewRoots()
  const [compared, setCompared] = useState(false)
  return (
    <Note tone="bad" live>
      <strong>This desk names other root keys than before. Sign nothing here.</strong>
      <span>
        Root keys decide whose signatures count. Call whoever keeps them, on a number that you knew
        before. If they have changed them, compare the new fingerprints, every block.
      </span>
      <Roots title="Before" of={before} />
      <Roots title="Now" of={now} />
      <Check
        label="I have heard the new fingerprints from them, and they are the same"
        checked={compared}
        onChange={(event) => setCompared(event.target.checked)}
      />
      <Row>
        <Button kind="danger" disabled={!compared} onClick={trust}>
          Believe the new root keys
        </Button>
      </Row>
    </Note>
  )
}

function Roots({ title, of: { roots } }: { readonly title: string; readonly of: Trust }) {
  return (
    <div>
      <p>
        <strong>{title}:</strong>
      </p>
      {roots.map(({ keyid }) => (
        <p key={keyid}>
          <Fingerprint keyid={keyid} />
        </p>
      ))}
    </div>
  )
}
