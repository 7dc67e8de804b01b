'use client'

import { isActual, type ShownNotice } from '@tocsin/client'
import { type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { Call } from './contact.js'
import { FreshnessLine } from './freshness.js'
import { useContacts } from './hooks.js'
import { inOrder, isGrave, NoticeItem } from './item.js'
import { useMarks } from './marks.js'
import { useLanguages, useTocsinState } from './provider.js'
import { inLanguage } from './texts.js'
import { useTexts } from './use-texts.js'

// As long as a page may take to reach a node before it says that it can't.
const patienceMs = 8_000

/**
 * What everybody has to know now. Place it before the page's `<h1>`. It takes no focus
 * and closes nothing by itself; without a verified notice it is not there, unless
 * nothing can be verified: then it says whom to call.
 */
export function CrisisBanner(): ReactNode {
  const { notices, ready, freshness, keysetExpired } = useTocsinState()
  const contacts = useContacts()
  const languages = useLanguages()
  const texts = useTexts(languages)
  const has = useMarks()
  const title = useId()
  const end = useRef<HTMLSpanElement>(null)
  const late = useLate(!ready)
  const passOver = () => end.current?.focus()

  const shown = inOrder(notices).filter((n) => !(mayHide(n) && has(n.hash, 'hidden')))
  const missing = !ready && (late || freshness.state === 'stale')
  const old = freshness.state === 'stale'
  const there = shown.length > 0 || missing || old || keysetExpired
  return (
    <>
      {there && (
        <section
          className="tocsin tocsin-banner"
          aria-labelledby={title}
          data-freshness={freshness.state}
          {...inLanguage(texts.language)}
        >
          <a
            className="tocsin-skip"
            href={`#${title}end`}
            onClick={(event) => {
              // The page's own router may live in the hash.
              event.preventDefault()
              passOver()
            }}
          >
            {texts.skip}
          </a>
          <h2 id={title} className="tocsin-unseen">
            {texts.region}
          </h2>
          {shown[0] && (
            // biome-ignore lint/a11y/noRedundantRoles: Safari drops the role of a list without bullets
            <ul role="list" className="tocsin-list">
              {shown.map((n, i) => (
                <NoticeItem
                  key={n.identifier}
                  shown={n}
                  open={i === 0 || (isActual(n) && isGrave(n))}
                  onHide={mayHide(n) && passOver}
                />
              ))}
            </ul>
          )}
          <p className="tocsin-foot" data-missing={missing}>
            {contacts.length > 0 && (
              <span className="tocsin-call-us">
                {missing ? texts.nothingVerified : texts.callUs}{' '}
                <Call contacts={contacts} languages={languages} />
              </span>
            )}
            {keysetExpired && <span>{texts.keysetExpired}</span>}
            <FreshnessLine />
          </p>
        </section>
      )}
      <span ref={end} id={`${title}end`} tabIndex={-1} />
    </>
  )
}

/** An Extreme notice stays in sight as long as it is active. */
function mayHide(shown: ShownNotice): boolean {
  return shown.phase === 'withdrawn' || shown.notice.info?.[0]?.severity !== 'Extreme'
}

function useLate(waiting: boolean): boolean {
  const [late, setLate] = useState(false)
  useEffect(() => {
    if (!waiting) return
    const timer = setTimeout(() => setLate(true), patienceMs)
    return () => {
      clearTimeout(timer)
      setLate(false)
    }
  }, [waiting])
  return late
}
