import type { ReactNode } from 'react'
import styles from './compose.module.css'

/** Says in word, colour and shape whether it is real. */
export function StatusBand({
  status,
  children,
}: {
  readonly status: string
  readonly children: ReactNode
}) {
  const actual = status === 'Actual'
  return (
    <div className={`${styles.band} ${actual ? styles.actual : styles.exercise}`}>
      <strong>{status.toUpperCase()}</strong>
      <span>{children}</span>
    </div>
  )
}
