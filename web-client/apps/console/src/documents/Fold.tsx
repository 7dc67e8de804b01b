import type { ReactNode } from 'react'
import styles from './Fold.module.css'

/** A part of a page that opens when it is wanted; its words are read before. */
export function Fold({
  title,
  words,
  open = false,
  children,
}: {
  readonly title: string
  readonly words: ReactNode
  /** Whether it is open at first. */
  readonly open?: boolean
  readonly children: ReactNode
}) {
  return (
    <details className={styles.fold} open={open}>
      <summary>
        <h3>{title}</h3>
        <div className={styles.words}>{words}</div>
      </summary>
      <div className={styles.body}>{children}</div>
    </details>
  )
}
