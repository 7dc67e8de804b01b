import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useDesk } from '../desk/index.js'
import { Button, Field, Problem, Row } from '../ui/index.js'
import { revocationLifeMs } from './change.js'
import { IssuerField } from './IssuerField.js'
import type { Draft } from './PosturePage.js'

/** Revokes one person, or one login of theirs: a stolen tablet, a shared password. */
export function RevokeForm({ onDraft }: { readonly onDraft: (draft: Draft) => void }) {
  const desk = useDesk()
  const [issuer, setIssuer] = useState('')
  const [kind, setKind] = useState<'person' | 'login'>('person')
  const [id, setId] = useState('')
  const [tried, setTried] = useState(false)
  const pseudonym = useMutation({
    mutationFn: () => desk.pseudonyms(issuer, [id.trim()], kind),
    onSuccess: (hashes) => {
      const until = Date.now() + revocationLifeMs
      const title = kind === 'person' ? 'Revoke one person' : 'Revoke one login'
      onDraft({ title, edit: { kind: 'revoke', hashes, until }, typed: '' })
      setId('')
      setTried(false)
    },
  })

  function submit(event: FormEvent) {
    event.preventDefault()
    setTried(true)
    if (issuer !== '' && id.trim() !== '') pseudonym.mutate()
  }

  return (
    <form className="stack" onSubmit={submit} noValidate>
      <p>
        Their logins and tickets are void for 31 days; they see public notices only. The posture
        names them by a pseudonym that only the nodes understand: keep a note of who it is.
      </p>
      <IssuerField
        value={issuer}
        onChange={setIssuer}
        error={tried && issuer === '' ? 'Which one?' : ''}
      />
      <Field label="Who?">
        {(control) => (
          <select
            {...control}
            value={kind}
            onChange={(event) => setKind(event.target.value === 'login' ? 'login' : 'person')}
          >
            <option value="person">One person, everywhere</option>
            <option value="login">One login of theirs</option>
          </select>
        )}
      </Field>
      <Field
        label={kind === 'person' ? 'Subject id' : 'Session id'}
        hint={
          kind === 'person'
            ? 'The sub of their tokens, as the identity provider shows it.'
            : 'The sid of their tokens, as the identity provider shows it.'
        }
        error={tried && id.trim() === '' ? 'It is needed to know who is meant.' : ''}
      >
        {(control) => (
          <input
            {...control}
            value={id}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            onChange={(event) => setId(event.target.value)}
          />
        )}
      </Field>
      <Problem error={pseudonym.error} />
      <Row>
        <Button type="submit" busy={pseudonym.isPending}>
          See what changes …
        </Button>
      </Row>
    </form>
  )
}
