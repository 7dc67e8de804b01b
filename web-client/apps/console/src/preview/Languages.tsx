import type { Info, Notice } from '@tocsin/client'
import { languageName } from '../compose/languages.js'
import { BannerPreview } from './BannerPreview.js'
import styles from './Languages.module.css'

/** A notice in every language that it has, one banner under the other. */
export function Languages({
  notice,
  withdrawn,
  folded = false,
}: {
  readonly notice: Notice
  readonly withdrawn?: { readonly at: Date; readonly note: string }
  /** All but the first open when they are wanted. */
  readonly folded?: boolean
}) {
  const infos = notice.info ?? []
  const one = (info: Info) => (
    <section key={languageOf(info)} className={styles.one}>
      <h3>{languageName(languageOf(info))}</h3>
      <BannerPreview
        notice={notice}
        language={languageOf(info)}
        {...(withdrawn && { withdrawn })}
      />
    </section>
  )
  const others = infos.slice(1)
  if (!folded || others.length === 0) return <div className={styles.list}>{infos.map(one)}</div>
  return (
    <div className={styles.list}>
      {infos.slice(0, 1).map(one)}
      <details>
        <summary>{others.map((info) => languageName(languageOf(info))).join(', ')}</summary>
        <div className={styles.list}>{others.map(one)}</div>
      </details>
    </div>
  )
}

const languageOf = ({ language = 'en-US' }: Info) => language
