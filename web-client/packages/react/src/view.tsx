'use client'

import { type ContactCard, chooseInfo, type Info, type Notice, type Severity } from '@tocsin/client'
import { Fragment, type ReactNode } from 'react'
import { Call } from './contact.js'
import { plain } from './plain.js'
import { Shape } from './severity.js'
import { counted, inLanguage, localeOf, type Texts } from './texts.js'
import { Time } from './time.js'
import { useTexts } from './use-texts.js'

export interface NoticeViewProps {
  readonly notice: Notice
  /** The reader's language, or languages, most preferred first (BCP 47). */
  readonly language: string | readonly string[]
  /** How many people's signatures count; absent in a preview. */
  readonly signers?: number
  /** To call where the notice lacks the reader's language. */
  readonly contacts?: readonly ContactCard[]
  readonly mayHaveEnded?: boolean
  /** When it was withdrawn, and why in the words of staff. */
  readonly withdrawn?: { readonly at: Date; readonly note: string }
  /** What happened and whom to call are folded away: for a call. */
  readonly brief?: boolean
  /** Default 3. */
  readonly headingLevel?: 2 | 3 | 4 | 5
  readonly children?: ReactNode
}

/** The body of a notice, as patients read it: what to do, what happened, whom to call. */
export function NoticeView(props: NoticeViewProps): ReactNode {
  const { notice, withdrawn, headingLevel = 3 } = props
  const languages = typeof props.language === 'string' ? [props.language] : props.language
  const texts = useTexts(languages)
  const locale = localeOf(languages, texts)
  const { info, preferred } = chooseInfo(notice, languages)
  const host = /^https:\/\/([^/?#@]+)(?![^/?#]*@)/.exec(info.web ?? '')?.[1]
  const inNotice = inLanguage(info.language ?? 'en-US')
  const Heading = `h${headingLevel}` as 'h3'
  const Part = `h${headingLevel + 1}` as 'h4'
  const part = (label: string, text: string | undefined) =>
    text && (
      <>
        <Part className="tocsin-label">{label}</Part>
        <p className="tocsin-text" {...inNotice}>
          {plain(text)}
        </p>
      </>
    )
  const more = (info.description || info.contact || host) && (
    <>
      {part(texts.whatHappened, info.description)}
      {part(texts.whomToCall, info.contact)}
      {host && (
        <p className="tocsin-text">
          {texts.more}{' '}
          <a href={info.web} rel="noreferrer">
            <bdi>{host}</bdi>
          </a>
        </p>
      )}
    </>
  )
  return (
    <article
      className="tocsin-notice"
      data-severity={info.severity}
      data-status={notice.status}
      data-phase={withdrawn ? 'withdrawn' : 'active'}
      {...inLanguage(texts.language)}
    >
      <Kind notice={notice} severity={info.severity} withdrawn={!!withdrawn} texts={texts} />
      <Heading className="tocsin-headline" {...inNotice}>
        {headlineOf(info)}
      </Heading>
      {withdrawn && (
        <p className="tocsin-text">
          <strong>
            {texts.withdrawn} <Time date={withdrawn.at} locale={locale} />
          </strong>{' '}
          <span dir="auto">{plain(withdrawn.note)}</span>
        </p>
      )}
      {props.mayHaveEnded && <p className="tocsin-text">{texts.mayHaveEnded}</p>}
      {!preferred && (
        <p className="tocsin-missing">
          {texts.otherLanguage} <Call contacts={props.contacts ?? []} languages={languages} />
        </p>
      )}
      {!withdrawn && (
        <div className="tocsin-parts">
          {part(texts.whatToDo, info.instruction)}
          {props.brief && more ? (
            <details className="tocsin-more">
              <summary>{texts.unfold}</summary>
              {more}
            </details>
          ) : (
            more
          )}
        </div>
      )}
      <Facts
        withdrawn={!!withdrawn}
        notice={notice}
        info={info}
        signers={props.signers}
        texts={texts}
        locale={locale}
      />
      {props.children}
    </article>
  )
}

export function headlineOf(info: Info): string {
  return info.headline || info.event
}

interface KindProps {
  readonly notice: Notice
  readonly severity: Severity
  readonly withdrawn: boolean
  readonly texts: Texts
}

/** What a notice is, in words and by its shape: exercise or not, how grave, withdrawn. */
export function Kind({ notice: { status }, severity, withdrawn, texts }: KindProps): ReactNode {
  return (
    <span className="tocsin-kind" {...inLanguage(texts.language)}>
      <Shape severity={severity} />
      {status !== 'Actual' && <strong className="tocsin-drill">{texts.status[status]}</strong>}
      <strong>{withdrawn ? texts.withdrawn : texts.severity[severity]}</strong>
      {status !== 'Actual' && <span className="tocsin-not-real">{texts.notReal[status]}</span>}
    </span>
  )
}

interface FactsProps {
  readonly withdrawn: boolean
  readonly locale: string
  readonly notice: Notice
  readonly info: Info
  readonly signers: number | undefined
  readonly texts: Texts
}

function Facts({ withdrawn, notice, info, signers, texts, locale }: FactsProps): ReactNode {
  const nextUpdate = info.parameter?.find((p) => p.valueName === 'nextUpdateBy')?.value
  const times = [
    [notice.msgType === 'Update' ? texts.changed : texts.sent, notice.sent],
    [texts.nextUpdate, withdrawn ? undefined : nextUpdate],
  ] as const
  return (
    <p className="tocsin-facts">
      {signers ? <span>{counted(texts, texts.verified, signers)}</span> : null}
      {times.map(([label, time]) =>
        time ? (
          <Fragment key={label}>
            {' '}
            <span>
              {label} <Time date={new Date(time)} locale={locale} />
            </span>
          </Fragment>
        ) : null,
      )}
    </p>
  )
}
