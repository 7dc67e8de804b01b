import { type FormEvent, useState } from 'react'
import { Button, Field, Fingerprint, Note, Row } from '../ui/index.js'
import { download } from './download.js'
import { writeBackup } from './file.js'
import { createKey, ownerForm, type ReadyKey } from './key.js'
import { isChosen, NewPassphrase, noneChosen } from './NewPassphrase.js'
import { keyring } from './ring.js'

/**
 * Makes a key in this browser: a name, a passphrase, the backup file, done. The secret
 * leaves the page's memory in the encrypted backup only, which is what the browser keeps.
 */
export function NewKey({
  owner: suggested = '',
  onMade,
  onKept,
}: {
  readonly owner?: string
  /** It is about to be in this browser; its backup is not put away yet. */
  readonly onMade?: () => void
  readonly onKept: (key: ReadyKey) => void
}) {
  const [owner, setOwner] = useState(suggested)
  const [chosen, setChosen] = useState(noneChosen)
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [made, setMade] = useState<{ readonly key: ReadyKey; readonly save: () => void } | null>(
    null,
  )
  const [error, setError] = useState('')

  const ownerError = ownerForm.test(owner)
    ? ''
    : 'Use small letters, digits and hyphens, such as ana-ruiz.'

  async function make(event: FormEvent) {
    event.preventDefault()
    setTried(true)
    if (ownerError || !isChosen(chosen, owner)) return
    setBusy(true)
    setError('')
    try {
      const key = await createKey(owner)
      const backup = await writeBackup(key, chosen.passphrase)
      const save = () => download(fileOf(owner), backup)
      save()
      onMade?.()
      setMade({ key: await keyring.add(key, backup, ''), save })
      key.pkcs8.fill(0)
      setChosen(noneChosen)
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : String(cause))
    } finally {
      setBusy(false)
    }
  }

  if (made) {
    const { key, save } = made
    return (
      <>
        <Note tone="good" live>
          <strong>Your key is made.</strong>
          <span>
            Look among the downloads of this device for {fileOf(key.owner)}. Move it to a safe place
            that is not this device, such as a USB stick in a locked drawer. With it and the
            passphrase you get your key back; without it nobody can help.
          </span>
          <span>
            Fingerprint: <Fingerprint keyid={key.keyid} />
          </span>
        </Note>
        {!key.kept && (
          <Note tone="warn">
            This browser keeps nothing, as private windows do: the key is forgotten when this page
            closes. Open the backup next time, or use another window.
          </Note>
        )}
        <Row>
          <Button
            kind="primary"
            onClick={() => {
              // Whether it was saved, only its owner can see.
              void keyring.proven(key.keyid, new Date().toISOString())
              onKept(key)
            }}
          >
            I have put the file away
          </Button>
          <Button onClick={save}>It is not there: save it again</Button>
        </Row>
      </>
    )
  }
  return (
    <form className="stack" onSubmit={make} noValidate>
      <Field
        label="Your name in Tocsin"
        hint="As colleagues will see it: ana-ruiz"
        error={tried ? ownerError : ''}
      >
        {(control) => (
          <input
            {...control}
            value={owner}
            onChange={(event) => setOwner(event.target.value.toLowerCase())}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            readOnly={suggested !== ''}
          />
        )}
      </Field>
      <NewPassphrase
        label="Passphrase of the key"
        owner={owner}
        chosen={chosen}
        tried={tried}
        onChange={setChosen}
      />
      {error && (
        <Note tone="bad" live>
          {error}
        </Note>
      )}
      <Row>
        <Button type="submit" kind="primary" busy={busy}>
          Make the key and save its backup
        </Button>
      </Row>
    </form>
  )
}

function fileOf(owner: string): string {
  return `tocsin-key-${owner}.json`
}
