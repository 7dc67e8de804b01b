import { useState } from 'react'
import { postureType, useKeyset } from '../desk/index.js'
import { ChangeList } from '../documents/ChangeList.js'
import { people } from '../documents/keysetWords.js'
import { Outcome } from '../documents/Outcome.js'
import { keysetIn, type Posture } from '../documents/open.js'
import { postureChange } from '../documents/postureWords.js'
import { useSignDocument } from '../documents/useSignDocument.js'
import { Button, Dialog, Field, Note, Problem } from '../ui/index.js'
import { edited } from './change.js'
import type { Draft } from './PosturePage.js'

/** Shows what an edit changes, asks why, and signs it. */
export function EditDialog({
  draft,
  held,
  onClose,
}: {
  readonly draft: Draft
  readonly held: Posture | null
  readonly onClose: () => void
}) {
  const [note, setNote] = useState('')
  const [typed, setTyped] = useState('')
  const [tried, setTried] = useState(false)
  // What is signed is what was read, though the posture may change meanwhile.
  const [after] = useState(() => tryEdit(held, draft))
  const [before] = useState(held)
  const keyset = keysetIn(useKeyset().data?.envelope)
  const sign = useSignDocument()
  const need = keyset?.policy?.thresholds?.posture || 2
  const noteError = note.trim() === '' ? 'Say why; colleagues read it before they sign.' : ''
  const typedError = typed.trim() === draft.typed ? '' : `Type ${draft.typed} to go on.`

  if (typeof after === 'string') {
    return (
      <Dialog open onClose={onClose} title={draft.title}>
        <Note tone="bad">{after}.</Note>
      </Dialog>
    )
  }
  const signNow = () => {
    setTried(true)
    if (noteError || typedError) return
    sign.mutate({ payloadType: postureType, doc: { ...after, note: note.trim() } })
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={draft.title}
      actions={
        sign.isSuccess ? (
          <Button kind="primary" onClick={onClose}>
            Close
          </Button>
        ) : (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button kind="primary" busy={sign.isPending} onClick={signNow}>
              Sign
            </Button>
          </>
        )
      }
    >
      {sign.isSuccess ? (
        <Outcome answer={sign.data} />
      ) : (
        <>
          <ChangeList change={postureChange(before, after)} />
          <p>It takes the signatures of {people(need)} by the keyset in force.</p>
          <Field
            label="Why"
            hint="Other operators read it. No names of patients."
            error={tried ? noteError : ''}
          >
            {(control) => (
              <input {...control} value={note} onChange={(event) => setNote(event.target.value)} />
            )}
          </Field>
          {draft.typed && (
            <Field
              label={
                <>
                  Type <strong>{draft.typed}</strong> to confirm
                </>
              }
              error={tried ? typedError : ''}
            >
              {(control) => (
                <input
                  {...control}
                  value={typed}
                  autoComplete="off"
                  autoCapitalize="characters"
                  spellCheck={false}
                  onChange={(event) => setTyped(event.target.value)}
                />
              )}
            </Field>
          )}
          <Problem error={sign.error} />
        </>
      )}
    </Dialog>
  )
}

/** The posture with the edit, or why it can't be made. */
function tryEdit(held: Posture | null, draft: Draft): Posture | string {
  try {
    return edited(held, draft.edit, '', Date.now())
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
