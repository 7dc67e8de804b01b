import { type FormEvent, type ReactNode, useState } from 'react'
import { isProblem } from '../desk/index.js'
import { Button, Field, Note, Row } from '../ui/index.js'
import { problemWords } from '../ui/problemWords.js'
import { type KeyFile, openKeyFile, readKeyFile, writeBackup } from './file.js'
import type { OpenKey } from './key.js'
import { isChosen, NewPassphrase, noneChosen } from './NewPassphrase.js'
import { PassphraseField } from './PassphraseField.js'

/** More than a key file ever holds, in bytes. */
const maxFile = 16_384

/** Asks for a key file, and for the passphrase of a backup; says why `onKey` refuses the key. */
export function ChooseKeyFile({
  label,
  hint,
  action,
  locks = false,
  onKey,
  children,
}: {
  readonly label: string
  readonly hint?: string
  /** What the button says under the passphrase. */
  readonly action: string
  /** The key is to be kept, so that one without a passphrase gets one. */
  readonly locks?: boolean
  /** `locked` is its encrypted backup; '' for a key without, unless `locks`. */
  readonly onKey: (key: OpenKey, locked: string) => Promise<void>
  /** What else is asked; a file that is chosen first is opened without. */
  readonly children?: ReactNode
}) {
  const [file, setFile] = useState<KeyFile | null>(null)
  const [passphrase, setPassphrase] = useState('')
  const [chosen, setChosen] = useState(noneChosen)
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')

  async function attempt(act: () => Promise<void>) {
    setBusy(true)
    setError('')
    try {
      await act()
    } catch (cause) {
      setError(wordsOf(cause))
    } finally {
      setBusy(false)
    }
  }

  async function open(read: KeyFile, secret: string) {
    const key = await openKeyFile(read, secret)
    try {
      await onKey(key, await lockedOf(read, key))
    } finally {
      key.pkcs8.fill(0)
    }
    clear()
  }

  async function lockedOf(read: KeyFile, key: OpenKey): Promise<string> {
    if (read.kind === 'sealed') return JSON.stringify(read.backup)
    return locks ? writeBackup(key, chosen.passphrase) : ''
  }

  function clear() {
    setFile(null)
    setPassphrase('')
    setChosen(noneChosen)
    setTried(false)
  }

  async function choose(picked: File | undefined) {
    clear()
    if (!picked) return
    const read = readKeyFile(picked.size > maxFile ? '' : await picked.text())
    if (read.kind === 'plain' && !locks) await open(read, '')
    else setFile(read)
  }

  function submit(event: FormEvent) {
    event.preventDefault()
    setTried(true)
    const ready = file?.kind === 'sealed' || !locks || isChosen(chosen, file?.owner ?? '')
    if (file && !busy && ready) void attempt(() => open(file, passphrase))
  }

  return (
    <form className="stack" onSubmit={submit}>
      <Field label={label} hint={hint} error={error}>
        {(control) => (
          <input
            {...control}
            type="file"
            disabled={busy}
            onChange={(event) => void attempt(() => choose(event.target.files?.[0]))}
          />
        )}
      </Field>
      {children}
      {file?.kind === 'plain' && (
        <>
          <Note>
            This is the key of {file.owner}, without a passphrase. Choose one for this browser: you
            type it whenever you sign in.
          </Note>
          <NewPassphrase
            label="Passphrase of the key"
            owner={file.owner}
            chosen={chosen}
            tried={tried}
            onChange={setChosen}
          />
          <Row>
            <Button type="submit" kind="primary" busy={busy}>
              {action}
            </Button>
          </Row>
        </>
      )}
      {file?.kind === 'sealed' && (
        <>
          <Note>This is the backup of {file.owner}.</Note>
          <PassphraseField label="Its passphrase" value={passphrase} onChange={setPassphrase} />
          <Row>
            <Button type="submit" kind="primary" busy={busy} disabled={passphrase === ''}>
              {action}
            </Button>
          </Row>
        </>
      )}
    </form>
  )
}

function wordsOf(cause: unknown): string {
  if (isProblem(cause)) {
    const { title, todo } = problemWords(cause)
    return `${title} ${todo}`
  }
  return cause instanceof Error ? cause.message : String(cause)
}
