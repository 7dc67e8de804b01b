import type { ReactNode } from 'react'
import styles from './Fold.module.css'

/** A part of a page that opens when it is wanted; its words are read before. */
export function Fold({
  title,
  words,
  children,
}: {
  readonly title: string
  readonly words: string
  readonly children: ReactNode
}) {
  return (
    <details className={styles.fold}>
      <summary>
        <h3>{title}</h3>
        <span>{words}</span>
      </summary>
      <div className={styles.body}>{children}</div>
    </details>
  )
}
