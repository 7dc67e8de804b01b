import { sha256hex } from '@tocsin/client/verify'
import { useEffect, useState } from 'react'
import { Fingerprint } from '../ui/index.js'
import styles from './documents.module.css'
import { unhidden } from './unhidden.js'

/** The exact bytes that a signature is over, and their SHA-256, on demand. */
export function Bytes({ payload }: { readonly payload: Uint8Array<ArrayBuffer> }) {
  const [hash, setHash] = useState('')
  useEffect(() => void sha256hex(payload).then(setHash), [payload])
  return (
    <details>
      <summary>The exact text that is signed ({payload.length} bytes)</summary>
      <div className="stack">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys */}
        <pre className={styles.bytes} tabIndex={0}>
          {unhidden(new TextDecoder().decode(payload))}
        </pre>
        <p>
          SHA-256, to compare by telephone: <Fingerprint keyid={hash} />
        </p>
      </div>
    </details>
  )
}
