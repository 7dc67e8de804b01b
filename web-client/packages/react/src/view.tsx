'use client'

import { type ContactCard, chooseInfo, type Info, type Notice, type Severity } from '@tocsin/client'
import type { ReactNode } from 'react'
import { Call } from './contact.js'
import { plain } from './telephone.js'
import { counted, inLanguage, localeOf, type Texts } from './texts.js'
import { Time } from './time.js'
import { useTexts } from './use-texts.js'
import type { Withdrawal } from './withdrawal.js'

export interface NoticeViewProps {
  readonly notice: Notice
  /** The reader's language, or languages, most preferred first (BCP 47). */
  readonly language: string | readonly string[]
  /** How many people's signatures count; absent in a preview. */
  readonly signers?: number
  /** To call where the notice lacks the reader's language. */
  readonly contacts?: readonly ContactCard[]
  readonly mayHaveEnded?: boolean
  readonly withdrawn?: Withdrawal | null | undefined
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
  const locale = localeOf(languages, texts.language)
  const { info, preferred } = chooseInfo(notice, languages)
  const host = /^https:\/\/([^/?#@]+)(?![^/?#]*@)/.exec(info.web ?? '')?.[1]
  const inNotice = inLanguage(info.language)
  const Heading = `h${headingLevel}` as 'h3'
  const Part = `h${headingLevel + 1}` as 'h4'
  const part = (label: string, text: string | undefined, callable = false) =>
    text && (
      <>
        <Part className="tocsin-label">{label}</Part>
        <p className="tocsin-text" {...inNotice}>
          {plain(text, callable)}
        </p>
      </>
    )
  const more = (info.description || info.contact || host) && (
    <>
      {part(texts.whatHappened, info.description)}
      {part(texts.whomToCall, info.contact, true)}
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
        <>
          <p>
            <strong>
              {texts.withdrawn} <Time date={withdrawn.at} locale={locale} />
            </strong>{' '}
            {texts.noLonger}
          </p>
          <p className="tocsin-text" {...inLanguage(withdrawn.language)}>
            {plain(withdrawn.note)}
          </p>
        </>
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
    <span className="tocsin-kind">
      <span className="tocsin-shape" aria-hidden="true" />
      {status !== 'Actual' && <strong className="tocsin-drill">{texts.status[status]}</strong>}
      <strong className="tocsin-degree">
        {withdrawn ? texts.withdrawn : texts.severity[severity]}
      </strong>
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
  const fact = (label: string, time: string | undefined) =>
    time && (
      <span>
        {label} <Time date={new Date(time)} locale={locale} />
      </span>
    )
  return (
    <p className="tocsin-facts">
      {signers ? <span>{counted(texts, texts.verified, signers)}</span> : null}{' '}
      {fact(notice.msgType === 'Update' ? texts.changed : texts.sent, notice.sent)}{' '}
      {!withdrawn && fact(texts.nextUpdate, nextUpdate)}
    </p>
  )
}
