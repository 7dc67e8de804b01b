import { Note } from './Panel.js'
import { problemWords } from './problemWords.js'

/** An error in plain words: what happened, what to do, and the server's own words. */
export function Problem({
  error,
  asked = false,
}: {
  readonly error: unknown
  /** It is asked again by itself, as all is that a page shows. */
  readonly asked?: boolean
}) {
  if (error === null || error === undefined) return null
  const { title, todo, detail } = problemWords(error)
  return (
    <div role="alert">
      <Note tone="bad">
        <strong>{title}</strong>
        <span>{todo}</span>
        {asked && <span>This page asks again every few seconds.</span>}
        {detail && (
          <details>
            <summary>What the desk said</summary>
            <code>{detail}</code>
          </details>
        )}
      </Note>
    </div>
  )
}

/** For what goes on being shown though the desk has failed to say how it is now. */
export function OldNews({ error }: { readonly error: unknown }) {
  return (
    <>
      <Problem error={error} asked />
      <Note tone="warn">What stands here was so when the desk last answered.</Note>
    </>
  )
}
