import type { Notice } from '@tocsin/client'
import { useState } from 'react'
import { useNotice } from '../desk/index.js'
import { contentOf, noticesOf } from '../notice/thread.js'
import type { PageProps } from '../router.js'
import { Busy, ButtonLink, Note, Page, Problem } from '../ui/index.js'
import { ComposeForm } from './ComposeForm.js'
import type { Thread } from './document.js'
import { draftOfUpdate } from './draft.js'
import { recallDraft, rememberDraft } from './remember.js'
import { StatusBand } from './StatusBand.js'

/** Writes an Update of a notice that shows. */
export function UpdatePage({ id }: PageProps) {
  const { data, error } = useNotice(id)
  if (!data) {
    return error ? (
      <Page title="Update the notice">
        <Problem error={error} asked />
      </Page>
    ) : (
      <Busy />
    )
  }
  const messages = noticesOf(data)
  const [alert] = messages
  const content = contentOf(data)
  if (data.phase !== 'active' || !alert || !content) {
    return (
      <Page title="This notice can’t be updated any more">
        <Note>It was withdrawn, or has ended. Send a new one.</Note>
        <p>
          <ButtonLink href="#/new" kind="primary">
            Send a notice
          </ButtonLink>
        </p>
      </Page>
    )
  }
  // Somebody else's update meanwhile begins another draft: its words were not read here.
  return <Writing key={messages.length} thread={{ alert, messages }} content={content} />
}

function Writing({ thread, content }: { readonly thread: Thread; readonly content: Notice }) {
  const name = `${thread.alert.identifier}:${thread.messages.length}`
  const [before] = useState(() => draftOfUpdate(content, new Date()))
  const [draft, setDraft] = useState(() => recallDraft(name) ?? before)
  return (
    <Page title="Update the notice">
      <StatusBand status={thread.alert.status}>
        For {thread.alert.restriction ?? 'everyone'}. An update can’t change this.
      </StatusBand>
      <ComposeForm
        thread={thread}
        before={before}
        draft={draft}
        onChange={(next) => {
          rememberDraft(name, next)
          setDraft(next)
        }}
        onSent={() => rememberDraft(name, null)}
        onDiscard={() => {
          rememberDraft(name, null)
          setDraft(before)
        }}
      />
    </Page>
  )
}
