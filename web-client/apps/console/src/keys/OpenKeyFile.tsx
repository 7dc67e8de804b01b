import { type FormEvent, useState } from 'react'
import { Button, Check, Field, Note, Row } from '../ui/index.js'
import { type KeyFile, openKeyFile, readKeyFile } from './file.js'
import type { StaffKey } from './key.js'
import { keyring } from './ring.js'

/** Reads a key file into this browser; asks for the passphrase of a backup. */
export function OpenKeyFile({ onOpen }: { readonly onOpen?: (key: StaffKey) => void }) {
  const [file, setFile] = useState<KeyFile | null>(null)
  const [passphrase, setPassphrase] = useState('')
  const [keep, setKeep] = useState(true)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')

  async function open(chosen: KeyFile, secret: string) {
    setBusy(true)
    setError('')
    try {
      const key = await openKeyFile(chosen, secret)
      onOpen?.(await keyring.add(key, keep, new Date().toISOString()))
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : String(cause))
    } finally {
      setBusy(false)
    }
  }

  async function choose(chosen: File | undefined) {
    setError('')
    setFile(null)
    if (!chosen) return
    try {
      const read = readKeyFile(chosen.size > 16_384 ? '' : await chosen.text())
      setFile(read)
      if (read.kind === 'plain') await open(read, '')
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : String(cause))
    }
  }

  function submit(event: FormEvent) {
    event.preventDefault()
    if (file) void open(file, passphrase)
  }

  return (
    <form className="stack" onSubmit={submit}>
      <Check
        label="Keep the key in this browser"
        hint="Untick it on a computer that others use: then it is forgotten when this page closes."
        checked={keep}
        onChange={(event) => setKeep(event.target.checked)}
      />
      <Field
        label="Your key file"
        hint="The file ending in .key, or your backup (tocsin-key-….json)"
        error={error}
      >
        {(control) => (
          <input
            {...control}
            type="file"
            disabled={busy}
            onChange={(event) => void choose(event.target.files?.[0])}
          />
        )}
      </Field>
      {file?.kind === 'sealed' && (
        <>
          <Note>This is the backup of {file.owner}.</Note>
          <Field label="Its passphrase">
            {(control) => (
              <input
                {...control}
                type="password"
                value={passphrase}
                onChange={(event) => setPassphrase(event.target.value)}
                autoComplete="current-password"
              />
            )}
          </Field>
          <Row>
            <Button type="submit" kind="primary" busy={busy} disabled={passphrase === ''}>
              Open the key
            </Button>
          </Row>
        </>
      )}
    </form>
  )
}
