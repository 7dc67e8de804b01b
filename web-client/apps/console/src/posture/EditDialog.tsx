import { useMemo, useState } from 'react'
import { postureType } from '../desk/index.js'
import type { Posture } from '../documents/open.js'
import { postureChange } from '../documents/postureWords.js'
import { SignDocument } from '../documents/SignDocument.js'
import { useTrustedKeyset } from '../documents/trusted.js'
import { Dialog, Field, Note } from '../ui/index.js'
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
  // What is signed is what was read, though the posture may change meanwhile.
  const [after] = useState(() => tryEdit(held, draft))
  const [before] = useState(held)
  const { keyset } = useTrustedKeyset()
  const doc = useMemo(
    () => (typeof after === 'string' ? null : { ...after, note: note.trim() }),
    [after, note],
  )
  if (typeof after === 'string' || doc === null) {
    return (
      <Dialog open onClose={onClose} title={draft.title}>
        <Note tone="bad">{String(after)}.</Note>
      </Dialog>
    )
  }
  return (
    <SignDocument
      title={draft.title}
      payloadType={postureType}
      doc={doc}
      change={postureChange(before, after)}
      need={keyset?.policy?.thresholds?.posture || 2}
      confirm={draft.typed || null}
      ready={doc.note !== ''}
      back="Cancel"
      onClose={onClose}
      onDone={onClose}
    >
      <Field
        label="Why"
        hint="It is needed: other operators read it before they sign. No names of patients."
      >
        {(control) => (
          <input
            {...control}
            required
            value={note}
            onChange={(event) => setNote(event.target.value)}
          />
        )}
      </Field>
    </SignDocument>
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
