import type { ReactNode } from 'react'
import styles from './Tag.module.css'

export type Tone = 'plain' | 'good' | 'warn' | 'bad' | 'actual' | 'exercise'

/** A short word with a tone; the word alone says it all. */
export function Tag({
  tone = 'plain',
  children,
}: {
  readonly tone?: Tone
  readonly children: ReactNode
}) {
  return <span className={`${styles.tag} ${styles[tone]}`}>{children}</span>
}

/** ACTUAL, EXERCISE or TEST: word, colour and the shape of the border. */
export function StatusTag({ status }: { readonly status: string }) {
  return <Tag tone={status === 'Actual' ? 'actual' : 'exercise'}>{status.toUpperCase()}</Tag>
}
