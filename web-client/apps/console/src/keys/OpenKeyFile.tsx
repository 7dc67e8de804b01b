import { useState } from 'react'
import { useDesk } from '../desk/index.js'
import { Check } from '../ui/index.js'
import { ChooseKeyFile } from './ChooseKeyFile.js'
import type { ReadyKey } from './key.js'
import { keyring } from './ring.js'
import { refuseRoot } from './root.js'

/** Takes a key out of its file into this page, or into this browser. */
export function OpenKeyFile({
  keeps = false,
  onOpen,
}: {
  /** Whether the box is ticked at first. */
  readonly keeps?: boolean
  readonly onOpen: (key: ReadyKey) => void
}) {
  const desk = useDesk()
  const [keep, setKeep] = useState(keeps)
  return (
    <ChooseKeyFile
      label="Your key file"
      hint=".key, or tocsin-key-….json"
      action="Open the key"
      locks={keep}
      onKey={async (key, locked) => {
        await refuseRoot(desk, key.keyid)
        onOpen(await keyring.add(key, keep ? locked : '', new Date().toISOString()))
      }}
    >
      <Check
        label="Keep the key in this browser"
        hint={keep && 'Locked with a passphrase.'}
        checked={keep}
        onChange={(event) => setKeep(event.target.checked)}
      />
    </ChooseKeyFile>
  )
}
