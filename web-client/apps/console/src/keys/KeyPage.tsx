import { useState } from 'react'
import { signIn, signOut, switchTo, tellKeysChanged, useSession } from '../login/session.js'
import { Button, Dialog, Field, Fingerprint, Note, Page, Panel, Row, Time } from '../ui/index.js'
import type { StaffKey } from './key.js'
import { OpenKeyFile } from './OpenKeyFile.js'
import { Proof } from './Proof.js'
import { keyring, useKeys } from './ring.js'

/** One's own keys in this browser: what they are, the monthly test, removing them. */
export function KeyPage() {
  const { keys = [], active } = useKeys()
  const session = useSession()
  const roles = session.state === 'in' ? session.roles.join(', ') : ''
  return (
    <Page title="Your key" intro="It signs in your name what you have read.">
      {active && (
        <Panel title={active.owner}>
          <p>
            {roles && <>Roles: {roles}. </>}
            Added <Time at={active.added} />. {keptWords(active)}
          </p>
          <div>
            <p>Fingerprint, to be read aloud when somebody asks:</p>
            <Fingerprint keyid={active.keyid} />
          </div>
          <Proof key={active.keyid} staffKey={active} />
        </Panel>
      )}
      {keys.length > 1 && (
        <Panel title="Other keys in this browser">
          {keys
            .filter((key) => key.keyid !== active?.keyid)
            .map((key) => (
              <Row key={key.keyid}>
                <Button onClick={() => switchTo(key)}>Continue as {key.owner}</Button>
                <Fingerprint keyid={key.keyid} short />
              </Row>
            ))}
        </Panel>
      )}
      <Panel title="Keep a key in this browser">
        <OpenKeyFile keeps onOpen={(key) => void signIn(key)} />
      </Panel>
      {active?.kept && <Remove staffKey={active} />}
    </Page>
  )
}

function keptWords({ kept, locked }: StaffKey): string {
  if (!kept) return 'Forgotten when you sign out or close this page.'
  return locked
    ? 'Kept in this browser, locked with your passphrase.'
    : 'An earlier console kept it without a passphrase: open its file below, and keep it.'
}

function Remove({ staffKey }: { readonly staffKey: StaffKey }) {
  const [open, setOpen] = useState(false)
  const [typed, setTyped] = useState('')
  return (
    <Panel title="Remove it from this browser">
      <p>
        Do this before you give the computer away; erase its disk, too, since browsers leave traces.
        Whoever has the disk has the locked key, and needs your passphrase to use it. If the
        computer was lost or stolen, have the key taken out of the keyset. You get the key back from
        its backup file only.
      </p>
      <Row>
        <Button kind="danger" onClick={() => setOpen(true)}>
          Remove …
        </Button>
      </Row>
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        title="Is the backup in your hands?"
        actions={
          <>
            <Button onClick={() => setOpen(false)}>Keep the key</Button>
            <Button
              kind="danger"
              disabled={typed !== staffKey.owner}
              onClick={() => {
                signOut()
                void keyring.forget(staffKey.keyid).then(tellKeysChanged)
              }}
            >
              Remove the key
            </Button>
          </>
        }
      >
        <Note tone="warn">
          Without the backup file and its passphrase the key is lost for good.
        </Note>
        <Field label={`Type ${staffKey.owner} to go on`}>
          {(control) => (
            <input {...control} value={typed} onChange={(event) => setTyped(event.target.value)} />
          )}
        </Field>
      </Dialog>
    </Panel>
  )
}
