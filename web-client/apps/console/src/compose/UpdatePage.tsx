import type { Notice } from '@tocsin/client'
import { useState } from 'react'
import { useNotice } from '../desk/index.js'
import { contentOf, noticesOf } from '../notice/thread.js'
import type { PageProps } from '../router.js'
import { Busy, Button, ButtonLink, Note, Page, Problem, Row } from '../ui/index.js'
import { ComposeForm } from './ComposeForm.js'
import type { Thread } from './document.js'
import { type Draft, draftOfUpdate } from './draft.js'
import { ForWhom } from './ForWhom.js'
import { recallDraft, rememberDraft } from './remember.js'
import { StatusBand } from './StatusBand.js'

/** Writes an Update of a notice that shows. */
export function UpdatePage({ id }: PageProps) {
  const { data, error } = useNotice(id)
  const [began, setBegan] = useState<number | null>(null)
  if (data && began === null) setBegan(noticesOf(data).length)
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
  return (
    <Writing
      key={messages.length}
      thread={{ alert, messages }}
      content={content}
      began={began ?? messages.length}
    />
  )
}

function Writing({
  thread,
  content,
  began,
}: {
  readonly thread: Thread
  readonly content: Notice
  /** How many messages there were when this page was opened. */
  readonly began: number
}) {
  const { length } = thread.messages
  const nameOf = (messages: number) => `${thread.alert.identifier}:${messages}`
  const name = nameOf(length)
  const [left, setLeft] = useState(() => leftBefore(nameOf, length))
  const [before] = useState(() => draftOfUpdate(content, new Date()))
  const [draft, setDraft] = useState(() => recallDraft(name) ?? before)
  const drop = (older: string) => {
    rememberDraft(older, null)
    setLeft(null)
  }
  return (
    <Page title="Update the notice">
      <StatusBand status={thread.alert.status}>
        For: <ForWhom notice={thread.alert} />. An update can’t change this.
      </StatusBand>
      {(began < length || left) && (
        <Note tone="warn" live>
          <strong>Somebody else has changed this notice since you began.</strong>
          <span>Below stand the words that show now. Read them before you go on.</span>
          {left && (
            <Row>
              <Button
                onClick={() => {
                  setDraft(left.draft)
                  rememberDraft(name, left.draft)
                  drop(left.name)
                }}
              >
                Put mine in their place
              </Button>
              <Button kind="quiet" onClick={() => drop(left.name)}>
                Throw mine away
              </Button>
            </Row>
          )}
        </Note>
      )}
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

/** The newest draft of an Update that was begun before others came, with its name. */
function leftBefore(
  nameOf: (messages: number) => string,
  length: number,
): { readonly name: string; readonly draft: Draft } | null {
  for (let messages = length - 1; messages > 0; messages--) {
    const draft = recallDraft(nameOf(messages))
    if (draft) return { name: nameOf(messages), draft }
  }
  return null
}
