import styles from './documents.module.css'
import type { Change } from './postureWords.js'

const parts = [
  { key: 'begins', mark: '+', title: 'From now on' },
  { key: 'ends', mark: '−', title: 'No longer' },
  { key: 'stays', mark: '=', title: 'As before' },
] as const

/** What a document changes; what stays is folded away, so that it hides nothing. */
export function ChangeList({ change }: { readonly change: Change }) {
  if (change.begins.length + change.ends.length === 0) {
    return <p>It changes nothing of what holds now.</p>
  }
  return (
    <div className={styles.change}>
      {parts.map(({ key, mark, title }) => {
        const sentences = change[key]
        if (sentences.length === 0) return null
        const list = (
          <ul className={styles[key]}>
            {sentences.map((sentence) => (
              <li key={sentence}>
                <span aria-hidden="true" className={styles.mark}>
                  {mark}
                </span>
                <span>{sentence}</span>
              </li>
            ))}
          </ul>
        )
        if (key === 'stays') {
          return (
            <details key={key}>
              <summary>
                {title} ({sentences.length})
              </summary>
              {list}
            </details>
          )
        }
        return (
          <section key={key} aria-label={title}>
            <h3>{title}</h3>
            {list}
          </section>
        )
      })}
    </div>
  )
}
