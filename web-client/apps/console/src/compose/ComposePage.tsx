import { useState } from 'react'
import { Page } from '../ui/index.js'
import { ComposeForm } from './ComposeForm.js'
import { emptyDraft } from './draft.js'
import { recallDraft, recallHabits, rememberDraft, rememberHabits } from './remember.js'

const name = 'new'

/** Writes a new notice. */
export function ComposePage() {
  const [draft, setDraft] = useState(() => recallDraft(name) ?? emptyDraft(recallHabits()))
  return (
    <Page title="Send a notice">
      <ComposeForm
        draft={draft}
        onChange={(next) => {
          rememberDraft(name, next)
          setDraft(next)
        }}
        onSent={() => {
          rememberHabits(draft.values)
          rememberDraft(name, null)
        }}
        onDiscard={() => {
          rememberDraft(name, null)
          setDraft(emptyDraft(recallHabits()))
        }}
      />
    </Page>
  )
}
