import type { Role } from '@tocsin/client/verify'
import { type FormEvent, useState } from 'react'
import { useDesk } from '../desk/index.js'
import { useTrustedKeyset } from '../documents/trusted.js'
import { ownerForm } from '../keys/index.js'
import { useSession } from '../login/session.js'
import { Button, Copy, Field, Note, Row } from '../ui/index.js'
import { invitationLink } from './invitation.js'
import { RoleChecks } from './RoleChecks.js'

/** Makes the link by which somebody new makes their key. The link is no secret: it grants nothing. */
export function InviteForm() {
  const desk = useDesk()
  const session = useSession()
  const { keyset } = useTrustedKeyset()
  const [owner, setOwner] = useState('')
  const [roles, setRoles] = useState<readonly Role[]>(['approver'])
  const [tried, setTried] = useState(false)
  const [link, setLink] = useState('')
  const taken = keyset?.keys?.some((key) => key.owner === owner) === true
  const ownerError = ownerForm.test(owner)
    ? ''
    : 'Use small letters, digits and hyphens, such as ana-ruiz.'
  const rolesError = roles.length > 0 ? '' : 'Choose at least one.'

  function submit(event: FormEvent) {
    event.preventDefault()
    setTried(true)
    if (ownerError || rolesError) return
    const by = session.state === 'in' ? session.owner : ''
    setLink(invitationLink(desk.origin, { owner, roles, by }))
  }

  return (
    <form className="stack" onSubmit={submit} noValidate>
      <p>
        You send a link; they make a key in their own browser, and send its public half to whoever
        holds the root keys. You compare its fingerprint by telephone, and the key is added.
      </p>
      <Field
        label="Their name in Tocsin"
        hint="As everybody will see it under what they sign: ana-ruiz"
        error={tried ? ownerError : ''}
      >
        {(control) => (
          <input
            {...control}
            value={owner}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            onChange={(event) => {
              setOwner(event.target.value.toLowerCase())
              setLink('')
            }}
          />
        )}
      </Field>
      {taken && (
        <Note>{owner} has a key already. Another one of theirs counts as the same person.</Note>
      )}
      <RoleChecks
        roles={roles}
        onChange={(next) => {
          setRoles(next)
          setLink('')
        }}
        error={tried ? rolesError : ''}
      />
      <Row>
        <Button type="submit" kind="primary">
          Make the link
        </Button>
      </Row>
      {link && (
        <Note tone="good" live>
          <strong>Send this link to {owner}.</strong>
          <code>{link}</code>
          <Row>
            <Copy text={link}>Copy the link</Copy>
          </Row>
        </Note>
      )}
    </form>
  )
}
