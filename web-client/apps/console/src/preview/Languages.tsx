import type { Notice } from '@tocsin/client'
import { languageName } from '../compose/languages.js'
import { BannerPreview } from './BannerPreview.js'
import styles from './Languages.module.css'

/** A notice in every language that it has, one banner under the other. */
export function Languages({
  notice,
  withdrawn,
}: {
  readonly notice: Notice
  readonly withdrawn?: { readonly at: Date; readonly note: string }
}) {
  return (
    <div className={styles.list}>
      {(notice.info ?? []).map(({ language = 'en-US' }) => (
        <section key={language} className={styles.one}>
          <h3>{languageName(language)}</h3>
          <BannerPreview notice={notice} language={language} {...(withdrawn && { withdrawn })} />
        </section>
      ))}
    </div>
  )
}
