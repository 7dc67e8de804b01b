import { useEffect, useState } from 'react'
import { type Answer, noticeType, useDesk } from '../desk/index.js'
import { Button, ButtonLink, Note, Problem, Row, Time } from '../ui/index.js'
import { type Pending, send, usePending } from './outbox.js'

const againMs = 10_000

/**
 * What was signed and may or may not be published: asks again until it is known, though
 * nobody is signed in; then nothing of it is shown.
 */
export function Outbox({ shown }: { readonly shown: boolean }) {
  const pending = usePending()
  const [settled, setSettled] = useState<{
    item: Pending
    answer?: Answer
    error?: unknown
  } | null>(null)
  return (
    <>
      {shown && settled && (
        <Note tone={settled.answer ? 'good' : 'bad'} live>
          {settled.answer ? (
            <>
              <strong>
                “{settled.item.title}”{' '}
                {settled.answer.status === 'published' ? 'is published' : 'waits for a signature'}.
              </strong>
              <Row>
                {pageOf(settled.item, settled.answer) && (
                  <ButtonLink href={pageOf(settled.item, settled.answer)}>Look at it</ButtonLink>
                )}
                <Button onClick={() => setSettled(null)}>Good</Button>
              </Row>
            </>
          ) : (
            <Problem error={settled.error} />
          )}
        </Note>
      )}
      {pending.map((item) => (
        <Open
          key={item.identifier}
          item={item}
          shown={shown}
          onSettled={(answer, error) => setSettled(answer ? { item, answer } : { item, error })}
        />
      ))}
    </>
  )
}

/** Where it is to be seen; '' for what is no notice and waits no more. */
function pageOf({ identifier, envelope }: Pending, { status }: Answer): string {
  const id = encodeURIComponent(identifier)
  if (status !== 'published') return `#/approve/${id}`
  return envelope.payloadType === noticeType ? `#/notice/${id}` : ''
}

function Open({
  item,
  shown,
  onSettled,
}: {
  readonly item: Pending
  readonly shown: boolean
  readonly onSettled: (answer: Answer | null, error?: unknown) => void
}) {
  const desk = useDesk()
  const [asked, setAsked] = useState<Date | null>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: one round of asking for each item
  useEffect(() => {
    let stopped = false
    let timer: ReturnType<typeof setTimeout>
    const ask = async () => {
      setAsked(new Date())
      try {
        const answer = await send(desk, item)
        if (!stopped) onSettled(answer)
      } catch (error) {
        if (error instanceof Error && error.name !== 'unconfirmed' && !stopped)
          onSettled(null, error)
        if (!stopped) timer = setTimeout(ask, againMs)
      }
    }
    timer = setTimeout(ask, againMs)
    return () => {
      stopped = true
      clearTimeout(timer)
    }
  }, [desk, item.identifier])
  if (!shown) return null
  return (
    <Note tone="warn" live>
      <strong>It is not known yet whether “{item.title}” was published.</strong>
      <span>
        Don’t write it again: readers could get both. This page sends the same signed text until the
        desk says what became of it{asked && <> (last at {<Time at={asked} />})</>}.
      </span>
    </Note>
  )
}
