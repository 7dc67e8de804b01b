import type { Role } from '@tocsin/client/verify'
import { type FormEvent, useState } from 'react'
import { type HeldDocument, useDesk } from '../desk/index.js'
import { keysetIn } from '../documents/open.js'
import { download } from '../keys/download.js'
import { Button, Check, Copy, Field, Note, Row } from '../ui/index.js'
import { Aloud } from './Aloud.js'
import { addCommands } from './invitation.js'
import { RoleChecks } from './RoleChecks.js'
import { type KeyRequest, RequestError, readRequest, requestText } from './request.js'
import styles from './staff.module.css'

/** For whoever holds the root keys: reads what a new colleague sent, and says what to type. */
export function AddKey({ held }: { readonly held: HeldDocument | null }) {
  const [text, setText] = useState('')
  const [read, setRead] = useState<KeyRequest | string>('')

  async function submit(event: FormEvent) {
    event.preventDefault()
    try {
      setRead(await readRequest(text))
    } catch (error) {
      setRead(error instanceof RequestError ? error.message : 'This text could not be read.')
    }
  }

  return (
    <>
      <form className="stack" onSubmit={(event) => void submit(event)} noValidate>
        <Field
          label="What the new colleague sent"
          hint="The text with BEGIN PUBLIC KEY. It is no secret, but it could have been changed on its way."
          error={typeof read === 'string' ? read : ''}
        >
          {(control) => (
            <textarea
              {...control}
              className={styles.request}
              rows={9}
              value={text}
              spellCheck={false}
              onChange={(event) => {
                setText(event.target.value)
                setRead('')
              }}
            />
          )}
        </Field>
        <Row>
          <Button type="submit" kind="primary">
            Read it
          </Button>
        </Row>
      </form>
      {typeof read === 'object' && <Compare key={read.keyid} request={read} held={held} />}
    </>
  )
}

function Compare({
  request,
  held,
}: {
  readonly request: KeyRequest
  readonly held: HeldDocument | null
}) {
  const desk = useDesk()
  const [heard, setHeard] = useState(false)
  const [roles, setRoles] = useState<readonly Role[]>(['approver'])
  const known = keysetIn(held?.envelope)?.keys?.find((key) => key.keyid === request.keyid)
  const commands = addCommands(request.owner, roles, 365, desk.origin)
  return (
    <div className="stack">
      <h4>1. Compare the fingerprint</h4>
      <p>
        Call {request.owner} on a number that you knew before. They read their fingerprint aloud; it
        must be this one, every block:
      </p>
      <Aloud keyid={request.keyid} />
      {known && (
        <Note>
          This key is in the keyset already. Adding it again changes what it may, and until when.
        </Note>
      )}
      <Check
        label={`I have heard it from ${request.owner}, and it is the same`}
        checked={heard}
        onChange={(event) => setHeard(event.target.checked)}
      />
      {heard && (
        <>
          <h4>2. Add the key, where the root keys are</h4>
          <RoleChecks
            roles={roles}
            onChange={setRoles}
            error={roles.length > 0 ? '' : 'Choose at least one.'}
          />
          <p>Take both files to the offline machine that has the root keys, and type:</p>
          <Row>
            <Button
              onClick={() => download(`${request.owner}.pub`, requestText(request))}
            >{`Save ${request.owner}.pub`}</Button>
            {held && (
              <Button onClick={() => download('keyset.json', `${JSON.stringify(held.envelope)}\n`)}>
                Save keyset.json
              </Button>
            )}
          </Row>
          {roles.length > 0 && (
            <>
              <pre className={styles.commands}>{commands}</pre>
              <Row>
                <Copy text={commands}>Copy the commands</Copy>
              </Row>
            </>
          )}
          <p>
            Each root key that must sign does so with the second line. Instead of the third line,
            the signed keyset.json can be published below.
          </p>
        </>
      )}
    </div>
  )
}
