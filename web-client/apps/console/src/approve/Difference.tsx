import type { Notice } from '@tocsin/client'
import { directionOf, languageName } from '../compose/languages.js'
import {
  type FieldChange,
  languagesThatAre,
  noticeDifference,
  type Run,
} from '../notice/difference.js'
import styles from './Difference.module.css'

/** What an Update changes of what shows now, word by word. */
export function Difference({ before, after }: { readonly before: Notice; readonly after: Notice }) {
  const difference = noticeDifference(before, after)
  const { shared, languages } = difference
  const same = languagesThatAre('same', difference)
  const changed = languages.filter(({ fields }) => fields.length > 0)
  if (shared.length === 0 && languages.every(({ state }) => state === 'same')) {
    return <p>It says what the notice says already, in every language.</p>
  }
  return (
    <div className="stack">
      <p>
        What goes is <del>struck out</del>; what comes is <ins>underlined</ins>.
      </p>
      {shared.length > 0 && (
        <section className={styles.part} aria-label="The notice as a whole">
          <h3>The notice as a whole</h3>
          <Fields fields={shared} language="en" />
        </section>
      )}
      {changed.map(({ language, state, fields }) => (
        <section key={language} className={styles.part} aria-label={languageName(language)}>
          <h3>
            {languageName(language)}
            {state === 'added' && ': a new language'}
          </h3>
          <Fields fields={fields} language={language} />
        </section>
      ))}
      {same && (
        <p>
          <strong>Words as before:</strong> {same}.
        </p>
      )}
      {languages.some(({ state }) => state === 'removed') && (
        <p>
          <strong>No longer there:</strong> {languagesThatAre('removed', difference)}.
        </p>
      )}
    </div>
  )
}

function Fields({
  fields,
  language,
}: {
  readonly fields: readonly FieldChange[]
  readonly language: string
}) {
  return (
    <dl className={styles.fields}>
      {fields.map(({ name, runs }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd lang={language} dir={directionOf(language)}>
            {runs.map((run, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: runs may be alike, and never move
              <Words key={place} run={run} instead={runs[place - 1]?.kind === 'removed'} />
            ))}
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** Most screen readers say nothing of `del` and `ins`, so words do. */
function Words({
  run: { kind, text },
  instead,
}: {
  readonly run: Run
  /** Of what stands struck out before it. */
  readonly instead: boolean
}) {
  if (kind === 'same') return text
  const Mark = kind === 'added' ? 'ins' : 'del'
  return (
    <Mark className={instead ? styles.instead : undefined}>
      <span className="unseen" lang="en" dir="ltr">
        {kind === 'added' ? '[new: ' : '[gone: '}
      </span>
      {text}
      <span className="unseen">] </span>
    </Mark>
  )
}
