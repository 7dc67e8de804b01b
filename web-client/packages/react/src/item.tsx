'use client'

import { chooseInfo, isActual, type ShownNotice } from '@tocsin/client'
import { type ReactNode, useRef } from 'react'
import { useDisplayed } from './displayed.js'
import { useContacts } from './hooks.js'
import { type Mark, useMarks } from './marks.js'
import { useLanguages, useShared } from './provider.js'
import { inLanguage } from './texts.js'
import { useTexts } from './use-texts.js'
import { headlineOf, Kind, NoticeView } from './view.js'
import { withdrawalOf } from './withdrawal.js'

export interface NoticeItemProps {
  readonly shown: ShownNotice
  /** Unfolded until the reader says otherwise. */
  readonly open: boolean
  readonly brief?: boolean
  /** May be taken away altogether; `onHide` follows. */
  readonly onHide?: (() => void) | false | undefined
}

/** Whether a notice is so grave that it interrupts. */
export function isGrave(shown: ShownNotice): boolean {
  const severity = shown.notice.info?.[0]?.severity
  return severity === 'Extreme' || severity === 'Severe'
}

/** What is happening, then exercises and tests, then what was withdrawn. */
export function inOrder(notices: readonly ShownNotice[]): readonly ShownNotice[] {
  const rank = (n: ShownNotice) => (n.phase === 'withdrawn' ? 2 : isActual(n) ? 0 : 1)
  return [...notices].sort((a, b) => rank(a) - rank(b))
}

/** A notice that folds into one line, and remembers that for this revision. */
export function NoticeItem({ shown, open, brief = false, onHide }: NoticeItemProps): ReactNode {
  const { client, marks } = useShared()
  const languages = useLanguages()
  const texts = useTexts(languages)
  const contacts = useContacts()
  const has = useMarks()
  const element = useRef<HTMLLIElement>(null)
  const { notice, hash } = shown
  const unfolded = has(hash, 'unfolded') || (open && !has(hash, 'folded'))
  useDisplayed(element, shown, unfolded)
  const { info } = chooseInfo(notice, languages)
  const withdrawn = shown.phase === 'withdrawn'
  const read = has(hash, 'read')
  const mark = (to: Mark, instead?: Mark) => marks.set(hash, to, instead)

  const actions = (
    <span className="tocsin-actions">
      {unfolded && !withdrawn && isGrave(shown) && (
        <button
          type="button"
          className="tocsin-read"
          aria-disabled={read}
          onClick={() => {
            if (read) return
            mark('read')
            client.confirm(shown)
          }}
        >
          {read ? texts.haveRead : texts.read}
        </button>
      )}
      <button
        type="button"
        className="tocsin-fold"
        aria-expanded={unfolded}
        onClick={() => (unfolded ? mark('folded', 'unfolded') : mark('unfolded', 'folded'))}
      >
        {unfolded ? texts.fold : texts.unfold}
        <span className="tocsin-unseen">: {headlineOf(info)}</span>
      </button>
      {onHide && (
        <button
          type="button"
          onClick={() => {
            mark('hidden')
            onHide()
          }}
        >
          {texts.hide}
          <span className="tocsin-unseen">: {headlineOf(info)}</span>
        </button>
      )}
    </span>
  )
  return (
    <li
      ref={element}
      className="tocsin-item"
      data-severity={info.severity}
      data-status={notice.status}
      data-phase={shown.phase}
      data-folded={!unfolded}
    >
      {unfolded ? (
        <NoticeView
          notice={notice}
          language={languages}
          signers={shown.signers.length}
          contacts={contacts}
          brief={brief}
          mayHaveEnded={shown.mayHaveEnded}
          withdrawn={withdrawalOf(shown, languages)}
        />
      ) : (
        <p className="tocsin-pill">
          <Kind notice={notice} severity={info.severity} withdrawn={withdrawn} texts={texts} />{' '}
          <strong {...inLanguage(info.language)}>{headlineOf(info)}</strong>
        </p>
      )}
      {actions}
    </li>
  )
}
