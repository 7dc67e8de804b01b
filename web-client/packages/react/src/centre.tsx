'use client'

import { chooseInfo, type Notice, type ShownNotice } from '@tocsin/client'
import { type ReactNode, useId, useRef } from 'react'
import { useDisplayed } from './displayed.js'
import { FreshnessLine } from './freshness.js'
import { useContacts } from './hooks.js'
import { inOrder } from './item.js'
import { useLanguages, useTocsinState } from './provider.js'
import { inLanguage, localeOf, type Texts } from './texts.js'
import { Time } from './time.js'
import { useTexts } from './use-texts.js'
import { headlineOf, NoticeView } from './view.js'
import { reasonIn, withdrawalOf } from './withdrawal.js'

export interface NoticeCentreProps {
  /** Of the centre itself; its notices are one less. Default 2. */
  readonly headingLevel?: 2 | 3
}

/** Every notice, the withdrawn too: when it was sent and changed, and what it said then. */
export function NoticeCentre({ headingLevel = 2 }: NoticeCentreProps): ReactNode {
  const { notices, freshness } = useTocsinState()
  const texts = useTexts(useLanguages())
  const title = useId()
  const Heading = `h${headingLevel}` as 'h2'
  return (
    <section
      className="tocsin tocsin-centre"
      aria-labelledby={title}
      {...inLanguage(texts.language)}
    >
      <Heading id={title}>{texts.centre}</Heading>
      <p className="tocsin-foot">
        <FreshnessLine />
      </p>
      {notices.length > 0 ? (
        // biome-ignore lint/a11y/noRedundantRoles: Safari drops the role of a list without bullets
        <ul role="list" className="tocsin-list">
          {inOrder(notices).map((n) => (
            <Entry key={n.identifier} shown={n} level={headingLevel === 2 ? 3 : 4} />
          ))}
        </ul>
      ) : (
        // Of what may lack some nobody can say that there are none.
        freshness.state === 'live' && <p>{texts.none}</p>
      )}
    </section>
  )
}

function Entry({ shown, level }: { shown: ShownNotice; level: 3 | 4 }): ReactNode {
  const languages = useLanguages()
  const texts = useTexts(languages)
  const contacts = useContacts()
  const element = useRef<HTMLLIElement>(null)
  useDisplayed(element, shown, true)
  return (
    <li
      ref={element}
      className="tocsin-item"
      data-severity={chooseInfo(shown.notice, languages).info.severity}
      data-status={shown.notice.status}
      data-phase={shown.phase}
    >
      <NoticeView
        notice={shown.notice}
        language={languages}
        signers={shown.signers.length}
        contacts={contacts}
        headingLevel={level}
        mayHaveEnded={shown.mayHaveEnded}
        withdrawn={withdrawalOf(shown, languages)}
      >
        {shown.history.length > 1 && (
          <details className="tocsin-history">
            <summary>{texts.history}</summary>
            <ol>
              {shown.history.map((notice) => (
                <Message key={notice.identifier} notice={notice} of={shown.notice} texts={texts} />
              ))}
            </ol>
          </details>
        )}
      </NoticeView>
    </li>
  )
}

interface MessageProps {
  readonly notice: Notice
  /** What the thread shows: a Cancel may say nothing but its note. */
  readonly of: Notice
  readonly texts: Texts
}

function Message({ notice, of, texts }: MessageProps): ReactNode {
  const languages = useLanguages()
  const did = { Alert: texts.sent, Update: texts.changed, Cancel: texts.withdrawn }[notice.msgType]
  const reason = notice.msgType === 'Cancel' && reasonIn(notice, of, languages)
  const info = !reason && chooseInfo(notice, languages).info
  return (
    <li>
      <p className="tocsin-facts">
        {did} <Time date={new Date(notice.sent)} locale={localeOf(languages, texts.language)} />
      </p>
      {info && (
        <div {...inLanguage(info.language)}>
          <p>
            <strong>{headlineOf(info)}</strong>
          </p>
          {info.instruction && <p className="tocsin-text">{info.instruction}</p>}
          {info.description && <p className="tocsin-text">{info.description}</p>}
        </div>
      )}
      {reason && (
        <p className="tocsin-text" {...inLanguage(reason.language)}>
          {reason.note}
        </p>
      )}
    </li>
  )
}
