import { useState } from 'react'
import { Button, Field, Note, Row, Time } from '../ui/index.js'
import { type KeyFile, openKeyFile, readKeyFile } from './file.js'
import type { StaffKey } from './key.js'
import { proofDue } from './reminder.js'
import { keyring } from './ring.js'
import { signatureOver } from './sign.js'

const testType = 'application/vnd.tocsin.test+json'

/**
 * The monthly test: that the key in this browser signs, and that the backup can be read.
 * Nothing is sent.
 */
export function Proof({ staffKey }: { readonly staffKey: StaffKey }) {
  const [file, setFile] = useState<KeyFile | null>(null)
  const [passphrase, setPassphrase] = useState('')
  const [said, setSaid] = useState<{ good: boolean; text: string } | null>(null)
  const due = proofDue(staffKey.backedUp, new Date())

  async function prove(chosen: KeyFile, secret: string) {
    try {
      await signatureOver(staffKey, testType, new TextEncoder().encode('{}'))
      const key = await openKeyFile(chosen, secret)
      if (key.keyid !== staffKey.keyid) throw new Error('This file holds another key.')
      await keyring.proven(staffKey.keyid, new Date().toISOString())
      setFile(null)
      setPassphrase('')
      setSaid({ good: true, text: 'The key signs, and the backup can be read.' })
    } catch (cause) {
      setSaid({ good: false, text: cause instanceof Error ? cause.message : String(cause) })
    }
  }

  async function choose(chosen: File | undefined) {
    setSaid(null)
    if (!chosen) return
    try {
      const read = readKeyFile(chosen.size > 16_384 ? '' : await chosen.text())
      setFile(read)
      if (read.kind === 'plain') await prove(read, '')
    } catch (cause) {
      setSaid({ good: false, text: cause instanceof Error ? cause.message : String(cause) })
    }
  }

  return (
    <>
      <Note tone={due ? 'warn' : 'info'}>
        <span>
          {due ? <strong>The monthly test is due. </strong> : 'Tested '}
          {!due && <Time at={staffKey.backedUp} />}
          {!due && '. '}
          Browsers may drop what they keep, so prove once a month that your key signs and your
          backup opens. Nothing is sent.
        </span>
      </Note>
      <Field label="Test with your backup or key file">
        {(control) => (
          <input
            {...control}
            type="file"
            onChange={(event) => void choose(event.target.files?.[0])}
          />
        )}
      </Field>
      {file?.kind === 'sealed' && (
        <>
          <Field label="Passphrase of the backup">
            {(control) => (
              <input
                {...control}
                type="password"
                value={passphrase}
                autoComplete="current-password"
                onChange={(event) => setPassphrase(event.target.value)}
              />
            )}
          </Field>
          <Row>
            <Button kind="primary" onClick={() => void prove(file, passphrase)}>
              Test
            </Button>
          </Row>
        </>
      )}
      {said && (
        <Note tone={said.good ? 'good' : 'bad'} live>
          {said.text}
        </Note>
      )}
    </>
  )
}
