import { type FormEvent, useState } from 'react'
import { Button, Note, Row } from '../ui/index.js'
import type { ReadyKey, StaffKey } from './key.js'
import { PassphraseField } from './PassphraseField.js'
import { keyring } from './ring.js'

/** Asks for the passphrase of a key that this browser keeps. */
export function Unlock({
  staffKey,
  onOpen,
}: {
  readonly staffKey: StaffKey
  readonly onOpen: (key: ReadyKey) => void
}) {
  const [passphrase, setPassphrase] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')
  const unlocked = staffKey.locked === ''

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setError('')
    try {
      onOpen(await keyring.unlock(staffKey.keyid, passphrase))
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : String(cause))
      setBusy(false)
    }
  }

  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      {unlocked ? (
        <Note tone="warn">
          An earlier console kept this key without a passphrase. Open its file once more below, and
          keep it: then it is locked.
        </Note>
      ) : (
        <PassphraseField
          label={`Passphrase of ${staffKey.owner}`}
          error={error}
          value={passphrase}
          onChange={setPassphrase}
        />
      )}
      <Row>
        <Button
          type="submit"
          kind="primary"
          large
          busy={busy}
          disabled={!unlocked && passphrase === ''}
        >
          Continue as {staffKey.owner}
        </Button>
      </Row>
    </form>
  )
}
