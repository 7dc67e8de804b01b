import { Tag } from '../ui/index.js'

/** Who signed a message, as it was verified in this browser. */
export function SignedBy({
  owners,
  asking,
}: {
  /** Undefined for a message that readers would refuse. */
  readonly owners: readonly string[] | undefined
  /** It is being verified. */
  readonly asking: boolean
}) {
  if (asking) return '…'
  if (!owners) return <Tag tone="bad">not signed as readers ask</Tag>
  return (
    <>
      {owners.join(' and ')} <Tag tone="good">verified</Tag>
    </>
  )
}
