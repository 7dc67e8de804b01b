import { type FormEvent, type ReactNode, useState } from 'react'
import { isProblem } from '../desk/index.js'
import { Button, Field, Note, Row } from '../ui/index.js'
import { problemWords } from '../ui/problemWords.js'
import { type KeyFile, openKeyFile, readKeyFile } from './file.js'
import type { OpenKey } from './key.js'

/** More than a key file ever holds, in bytes. */
const maxFile = 16_384

/** Asks for a key file, and for the passphrase of a backup; says why `onKey` refuses the key. */
export function ChooseKeyFile({
  label,
  hint,
  action,
  onKey,
  children,
}: {
  readonly label: string
  readonly hint?: string
  /** What the button says under the passphrase. */
  readonly action: string
  readonly onKey: (key: OpenKey) => Promise<void>
  /** What is asked before the file. */
  readonly children?: ReactNode
}) {
  const [file, setFile] = useState<KeyFile | null>(null)
  const [passphrase, setPassphrase] = useState('')
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

  async function open(chosen: KeyFile, secret: string) {
    const key = await openKeyFile(chosen, secret)
    try {
      await onKey(key)
    } finally {
      key.pkcs8.fill(0)
    }
    setFile(null)
    setPassphrase('')
  }

  async function choose(chosen: File | undefined) {
    setFile(null)
    setPassphrase('')
    if (!chosen) return
    const read = readKeyFile(chosen.size > maxFile ? '' : await chosen.text())
    if (read.kind === 'plain') await open(read, '')
    else setFile(read)
  }

  function submit(event: FormEvent) {
    event.preventDefault()
    if (file && !busy) void attempt(() => open(file, passphrase))
  }

  return (
    <form className="stack" onSubmit={submit}>
      {children}
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
      {file && (
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
