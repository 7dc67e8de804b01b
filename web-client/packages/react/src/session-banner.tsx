'use client'

import { isActual } from '@tocsin/client'
import { type ReactNode, type RefObject, useEffect, useId, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import { Call } from './contact.js'
import { FreshnessLine } from './freshness.js'
import { useContacts } from './hooks.js'
import { inOrder, isGrave, NoticeItem } from './item.js'
import { hostOf } from './live-region.js'
import { useLanguages, useTocsinState } from './provider.js'
import { inLanguage } from './texts.js'
import { useTexts } from './use-texts.js'

/** What the call can do with the frame that holds it and the notices. */
export interface CallFrame {
  /** Fills the screen with the call and the notices, or ends that. */
  readonly toggleFullScreen: () => void
  readonly fullScreen: boolean
}

export interface SessionEmergencyBannerProps {
  /** The video and its controls. */
  readonly children?: ReactNode | ((frame: CallFrame) => ReactNode)
}

/**
 * A telehealth call with the notices above it. The video is made smaller, never covered or
 * stopped; nothing takes the focus. Where something else than this frame fills the
 * screen, the notices go into it, on top. A `<video>` that does so by its own button can
 * hold nothing: they show above it, but nobody can press or hear them, and an iPhone's own
 * player doesn't show them. So give people `toggleFullScreen`.
 */
export function SessionEmergencyBanner({ children }: SessionEmergencyBannerProps): ReactNode {
  const frame = useRef<HTMLDivElement>(null)
  const notices = useRef<HTMLElement>(null)
  const [full, setFull] = useState<Element | null>(null)
  const outside = !!full && !full.contains(frame.current)
  const host = outside ? hostOf(full) : null
  const any = useTocsinState().notices.length > 0

  useEffect(() => {
    const look = () => setFull(document.fullscreenElement)
    look()
    document.addEventListener('fullscreenchange', look)
    return () => document.removeEventListener('fullscreenchange', look)
  }, [])
  // What enters the top layer last is on top: shown again for every element that fills the screen.
  useEffect(() => {
    const box = notices.current
    if (!outside || !full || !any || !box?.showPopover) return
    box.popover = 'manual'
    box.showPopover()
    return () => {
      box.popover = null
    }
  }, [outside, full, any])

  const toggleFullScreen = () =>
    void (
      document.fullscreenElement ? document.exitFullscreen() : frame.current?.requestFullscreen()
    )?.catch(() => {})
  return (
    <div ref={frame} className="tocsin tocsin-call" data-full={!!full && !outside}>
      {any &&
        (host ? createPortal(<CallNotices box={notices} />, host) : <CallNotices box={notices} />)}
      <div className="tocsin-stage">
        {typeof children === 'function'
          ? children({ toggleFullScreen, fullScreen: !!full })
          : children}
      </div>
    </div>
  )
}

function CallNotices({ box }: { box: RefObject<HTMLElement | null> }): ReactNode {
  const { notices } = useTocsinState()
  const languages = useLanguages()
  const texts = useTexts(languages)
  const contacts = useContacts()
  const title = useId()
  const list = useRef<HTMLUListElement>(null)
  const [tall, setTall] = useState(false)
  const more = useMore(list, notices)
  return (
    <section
      ref={box}
      className="tocsin tocsin-call-notices"
      aria-labelledby={title}
      data-tall={tall}
      {...inLanguage(texts.language)}
    >
      <h2 id={title} className="tocsin-unseen">
        {texts.region}
      </h2>
      {/* biome-ignore lint/a11y/noRedundantRoles: Safari drops the role of a list without bullets */}
      <ul ref={list} id={`${title}list`} role="list" className="tocsin-list">
        {inOrder(notices).map((n) => (
          <NoticeItem key={n.identifier} shown={n} open={isActual(n) && isGrave(n)} brief />
        ))}
      </ul>
      {(more || tall) && (
        <button
          type="button"
          className="tocsin-all"
          aria-expanded={tall}
          aria-controls={`${title}list`}
          onClick={() => setTall(!tall)}
        >
          {tall ? texts.fold : texts.unfold}: {texts.region}
        </button>
      )}
      <p className="tocsin-foot">
        {contacts.length > 0 && (
          <span className="tocsin-call-us">
            {texts.callUs} <Call contacts={contacts} languages={languages} />
          </span>
        )}
        <FreshnessLine />
      </p>
    </section>
  )
}

/** Whether the list holds more than it shows. */
function useMore(list: RefObject<Element | null>, notices: unknown): boolean {
  const [more, setMore] = useState(false)
  // biome-ignore lint/correctness/useExhaustiveDependencies: other notices are other elements
  useEffect(() => {
    const box = list.current
    if (!box || typeof ResizeObserver === 'undefined') return
    const observer = new ResizeObserver(() => setMore(box.scrollHeight > box.clientHeight + 1))
    for (const seen of [box, ...box.children]) observer.observe(seen)
    return () => observer.disconnect()
  }, [list, notices])
  return more
}
