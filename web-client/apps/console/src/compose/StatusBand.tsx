import type { ReactNode } from 'react'
import styles from './compose.module.css'

/** What it means that a notice is one or the other, here and where it is signed. */
export const statusWords = {
  Exercise: 'A drill, marked as one.',
  Actual: 'Real. Readers will act on it.',
} as const

export function statusWordsOf(status: string): string {
  return status === 'Actual' ? statusWords.Actual : statusWords.Exercise
}

/** Says in word, colour and shape whether it is real. */
export function StatusBand({
  status,
  past = false,
  children,
}: {
  readonly status: string
  /** It shows no more, and is not loud. */
  readonly past?: boolean
  readonly children: ReactNode
}) {
  const actual = status === 'Actual'
  return (
    <div
      className={`${styles.band} ${actual ? styles.actual : styles.exercise} ${past ? styles.past : ''}`}
    >
      <strong>{status.toUpperCase()}</strong>
      <span>{children}</span>
    </div>
  )
}
