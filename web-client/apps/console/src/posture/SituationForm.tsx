import { type FormEvent, useState } from 'react'
import { Fold } from '../documents/Fold.js'
import { Button, Row } from '../ui/index.js'
import { liesAhead } from './change.js'
import { IssuerField } from './IssuerField.js'
import type { Draft } from './PosturePage.js'
import { SinceField } from './SinceField.js'
import type { Situation } from './situations.js'

/** One of the three situations: what it means, and what it needs to know. */
export function SituationForm({
  situation,
  onDraft,
}: {
  readonly situation: Situation
  readonly onDraft: (draft: Draft) => void
}) {
  const { kind, title } = situation
  const [issuer, setIssuer] = useState('')
  const [since, setSince] = useState<number | null>(null)
  const [tried, setTried] = useState(false)
  const needsMore = kind !== 'login-down'

  function submit(event: FormEvent) {
    event.preventDefault()
    setTried(true)
    const now = Date.now()
    const at = since ?? now
    if (needsMore && (issuer === '' || liesAhead(at, now))) return
    if (kind === 'login-down') onDraft({ title, edit: { kind }, typed: '' })
    else if (kind === 'keys-stolen')
      onDraft({ title, edit: { kind, issuer, since }, typed: 'BLOCK' })
    else onDraft({ title, edit: { kind, issuer, at }, typed: 'LOG OUT' })
  }

  return (
    <Fold title={title} words={situation.when}>
      <form className="stack" onSubmit={submit} noValidate>
        <h4>What patients notice</h4>
        <ul>
          {situation.effect.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
        <p>{situation.afterwards}</p>
        {needsMore && (
          <>
            <IssuerField
              value={issuer}
              onChange={setIssuer}
              error={tried && issuer === '' ? 'Which one?' : ''}
            />
            <SinceField
              label={kind === 'keys-stolen' ? 'Since when?' : 'When was everyone reset?'}
              hint={
                kind === 'keys-stolen'
                  ? 'When in doubt, choose an earlier time: later tickets may be a thief’s.'
                  : 'Logins from before this time are void.'
              }
              value={since}
              onChange={setSince}
            />
          </>
        )}
        <Row>
          <Button type="submit" kind="primary">
            See what changes …
          </Button>
        </Row>
      </form>
    </Fold>
  )
}
