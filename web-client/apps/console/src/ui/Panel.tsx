import { type ReactNode, useEffect } from 'react'
import styles from './Panel.module.css'

/** A page: its heading, some words on what it is for, and its panels. */
export function Page({
  title,
  intro,
  children,
}: {
  readonly title: string
  readonly intro?: ReactNode
  readonly children: ReactNode
}) {
  useEffect(() => {
    document.title = `${title} – Tocsin console`
  }, [title])
  return (
    <div className={styles.page}>
      <h1>
        <bdi>{title}</bdi>
      </h1>
      {intro && <p className={styles.intro}>{intro}</p>}
      {children}
    </div>
  )
}

/** A part of a page, with a heading of its own. */
export function Panel({
  title,
  aside,
  children,
}: {
  readonly title?: ReactNode
  readonly aside?: ReactNode
  readonly children: ReactNode
}) {
  return (
    <section className={styles.panel}>
      {title && (
        <div className={styles.head}>
          <h2>{title}</h2>
          {aside}
        </div>
      )}
      {children}
    </section>
  )
}

/** Words that stand out; `live` says them to screen readers when they appear. */
export function Note({
  tone = 'info',
  live = false,
  children,
}: {
  readonly tone?: 'info' | 'good' | 'warn' | 'bad'
  readonly live?: boolean
  readonly children: ReactNode
}) {
  return (
    <div
      className={`${styles.note} ${tone === 'info' ? '' : styles[tone]}`}
      {...(live && { role: 'status' })}
    >
      {children}
    </div>
  )
}

/** Controls side by side, that wrap. */
export function Row({ children }: { readonly children: ReactNode }) {
  return <div className={styles.row}>{children}</div>
}
