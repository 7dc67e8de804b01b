import type { Keyset } from '@tocsin/client/verify'
import { useTrustedKeyset } from '../documents/trusted.js'
import { clock } from '../ui/clock.js'
import { count } from '../ui/count.js'

/** By whom the keyset is signed, as far as this browser can tell. */
export function KeysetOrigin({ keyset }: { readonly keyset: Keyset }) {
  const { state } = useTrustedKeyset()
  const roots = `${count(keyset.roots.length, 'root key')}, ${keyset.rootThreshold} of which must sign a change`
  return (
    <p>
      To be renewed by {clock(keyset.expires)}. {roots}.{' '}
      {state === 'verified' &&
        'Verified here: it is signed by the root keys that this desk has named since you first opened it in this browser.'}
      {(state === 'refused' || state === 'changed') && (
        <strong>It is not signed by root keys that this browser knows.</strong>
      )}
    </p>
  )
}
