import type { Notice } from '@tocsin/client'
import { NoticeView } from '@tocsin/react'
import '@tocsin/react/style.css'
import { directionOf } from '../compose/languages.js'
import { regionalOf } from '../ui/locale.js'
import styles from './BannerPreview.module.css'

/**
 * A notice as readers of a language see it: the real parts of @tocsin/react, above a
 * hint of their page. `narrow` is a small telephone, 320 px.
 */
export function BannerPreview({
  notice,
  language,
  narrow = false,
  withdrawn,
}: {
  readonly notice: Notice
  readonly language: string
  readonly narrow?: boolean
  readonly withdrawn?: { readonly at: Date; readonly note: string }
}) {
  return (
    <div className={`${styles.frame} ${narrow ? styles.narrow : ''}`} dir={directionOf(language)}>
      <div className="tocsin tocsin-banner">
        <div
          className="tocsin-item"
          data-severity={notice.info?.[0]?.severity}
          data-status={notice.status}
          data-phase={withdrawn ? 'withdrawn' : 'active'}
          data-folded="false"
        >
          <NoticeView
            notice={notice}
            language={[regionalOf(language), 'en']}
            headingLevel={4}
            {...(withdrawn && { withdrawn })}
          />
        </div>
      </div>
      <div className={styles.page} aria-hidden="true">
        <span />
        <span />
      </div>
    </div>
  )
}
