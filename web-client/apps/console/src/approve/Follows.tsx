import type { Notice } from '@tocsin/client'
import { type Thread, useNotice } from '../desk/index.js'
import { useSigners } from '../documents/trusted.js'
import { noticeIn } from '../notice/thread.js'
import { Languages } from '../preview/Languages.js'
import { Busy, Note, Panel, Problem } from '../ui/index.js'
import { Difference } from './Difference.js'

/** What an Update or Cancel changes of the messages that it follows. */
export function Follows({
  notice,
  references,
}: {
  readonly notice: Notice
  /** The identifiers of the messages that it says it follows, the Alert first. */
  readonly references: readonly [string, ...string[]]
}) {
  const { data, error } = useNotice(references[0])
  const title = notice.msgType === 'Cancel' ? 'What it withdraws' : 'What it changes'
  if (!data) {
    return (
      <Panel title={title}>
        {error ? (
          <>
            <Problem error={error} asked />
            <Note tone="warn">
              What it changes can’t be shown without the notice that it follows. Read all of it, or
              wait.
            </Note>
          </>
        ) : (
          <Busy />
        )}
      </Panel>
    )
  }
  const messages = data.messages ?? []
  const unread = messages.filter(({ identifier }) => !references.includes(identifier))
  const before = messages.findLast(({ envelope }) => noticeIn(envelope)?.info?.length)
  const content = noticeIn(before?.envelope)
  return (
    <Panel title={title}>
      {unread.length > 0 && (
        <Note tone="warn">
          <strong>Somebody has changed the notice since this was written.</strong>
          <span>The desk will not take it. Ask whoever made it to write it anew.</span>
        </Note>
      )}
      {before && <Unverified thread={data} identifier={before.identifier} />}
      {content && notice.msgType === 'Update' && <Difference before={content} after={notice} />}
      {content && notice.msgType === 'Cancel' && <Languages notice={content} />}
      {!content && <Note tone="warn">The notice that it follows can’t be read here.</Note>}
    </Panel>
  )
}

/** Says if what is compared with is only the desk's word. */
function Unverified({
  thread,
  identifier,
}: {
  readonly thread: Thread
  readonly identifier: string
}) {
  const signers = useSigners(thread)
  if (!signers || signers.has(identifier)) return null
  return (
    <Note tone="bad">
      <strong>The text that this compares with is not signed as readers ask.</strong>
      <span>It may not be what they see. Look at a portal before you sign.</span>
    </Note>
  )
}
