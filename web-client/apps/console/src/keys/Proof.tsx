import { useState } from 'react'
import { Note, Time } from '../ui/index.js'
import { ChooseKeyFile } from './ChooseKeyFile.js'
import type { OpenKey, StaffKey } from './key.js'
import { proofDue } from './reminder.js'
import { keyring } from './ring.js'
import { signatureOver } from './sign.js'

const testType = 'application/vnd.tocsin.test+json'

/**
 * The monthly test: that the key in this browser signs, and that the backup can be read.
 * Nothing is sent.
 */
export function Proof({ staffKey }: { readonly staffKey: StaffKey }) {
  const [proven, setProven] = useState(false)
  const due = proofDue(staffKey.backedUp, new Date())

  async function prove(key: OpenKey) {
    setProven(false)
    await signatureOver(staffKey, testType, new TextEncoder().encode('{}'))
    if (key.keyid !== staffKey.keyid) throw new Error('This file holds another key.')
    await keyring.proven(staffKey.keyid, new Date().toISOString())
    setProven(true)
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
      <ChooseKeyFile label="Test with your backup or key file" action="Test" onKey={prove} />
      {proven && (
        <Note tone="good" live>
          The key signs, and the backup can be read.
        </Note>
      )}
    </>
  )
}
