import { useQuery } from '@tanstack/react-query'
import { type Keyset, parseTrust } from '@tocsin/client/verify'
import { type HeldDocument, useTrust } from '../desk/index.js'
import { rootSignatures } from '../documents/signers.js'
import { clock } from '../ui/clock.js'
import { count } from '../ui/count.js'
import { Note } from '../ui/index.js'

/** Says whether the keyset is signed by the roots that are pinned here, as verified by this page. */
export function KeysetOrigin({
  held,
  keyset,
}: {
  readonly held: HeldDocument
  readonly keyset: Keyset
}) {
  const trust = useTrust()
  const verified = useQuery({
    queryKey: ['roots', trust.data, held.envelope.payload, held.envelope.signatures.length],
    enabled: trust.data !== undefined,
    queryFn: async () => {
      const pinned = await parseTrust(trust.data ?? '')
      const signed = await rootSignatures(held.envelope, pinned.roots)
      return signed >= pinned.rootThreshold
    },
  })
  const roots = `${count(keyset.roots.length, 'root key')}, ${keyset.rootThreshold} of which must sign a change`
  return (
    <>
      <p>
        To be renewed by {clock(keyset.expires)}. {roots}.{' '}
        {verified.data === true && 'Verified here: the pinned root keys have signed it.'}
      </p>
      {verified.data === false && (
        <Note tone="warn">
          <strong>The root keys that are pinned here have not signed this version.</strong>
          <span>
            That is so after a change of root keys. Compare with “tocsin status”, from a machine
            that you trust, before you rely on what stands here.
          </span>
        </Note>
      )}
    </>
  )
}
