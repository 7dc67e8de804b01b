import { useState } from 'react'
import { keysetType, type SignedEnvelope, useSubmit } from '../desk/index.js'
import { DocumentView } from '../documents/DocumentView.js'
import { Outcome } from '../documents/Outcome.js'
import { readEnvelope } from '../documents/open.js'
import { Button, Field, Problem, Row } from '../ui/index.js'

/** Hands a keyset that the root keys have signed to the desk, having shown what it changes. */
export function PublishKeyset() {
  const [read, setRead] = useState<SignedEnvelope | string | null>(null)
  const submit = useSubmit()

  async function choose(file: File | undefined) {
    submit.reset()
    if (file === undefined) {
      setRead(null)
      return
    }
    const envelope = readEnvelope(await file.text())
    setRead(
      envelope?.payloadType === keysetType
        ? envelope
        : 'This is no keyset file. It is the one that “tocsin keyset sign” has written.',
    )
  }

  return (
    <div className="stack">
      <Field
        label="Keyset file"
        hint="keyset.json, signed by the root keys. Any staff member can hand it in; the signatures decide."
        error={typeof read === 'string' ? read : ''}
      >
        {(control) => (
          <input
            {...control}
            type="file"
            accept=".json,application/json"
            onChange={(event) => void choose(event.target.files?.[0])}
          />
        )}
      </Field>
      {typeof read === 'object' && read !== null && (
        <>
          <DocumentView envelope={read} />
          <Problem error={submit.error} />
          {submit.isSuccess ? (
            <Outcome answer={submit.data} />
          ) : (
            <Row>
              <Button kind="primary" busy={submit.isPending} onClick={() => submit.mutate(read)}>
                Publish this keyset
              </Button>
            </Row>
          )}
        </>
      )}
    </div>
  )
}
