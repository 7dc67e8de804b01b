import { useState } from 'react'
import { useDesk } from '../desk/index.js'
import { Check } from '../ui/index.js'
import { ChooseKeyFile } from './ChooseKeyFile.js'
import type { StaffKey } from './key.js'
import { keyring } from './ring.js'
import { refuseRoot } from './root.js'

/** Takes a key out of its file into this browser. */
export function OpenKeyFile({ onOpen }: { readonly onOpen: (key: StaffKey) => void }) {
  const desk = useDesk()
  const [keep, setKeep] = useState(true)
  return (
    <ChooseKeyFile
      label="Your key file"
      hint="The file ending in .key, or your backup (tocsin-key-….json)"
      action="Open the key"
      onKey={async (key) => {
        await refuseRoot(desk, key.keyid)
        onOpen(await keyring.add(key, keep, new Date().toISOString()))
      }}
    >
      <Check
        label="Keep the key in this browser"
        hint="Untick it on a computer that others use: then it is forgotten when this page closes."
        checked={keep}
        onChange={(event) => setKeep(event.target.checked)}
      />
    </ChooseKeyFile>
  )
}
