'use client'

import { chooseInfo, isActual, type ShownNotice } from '@tocsin/client'
import { type ReactNode, useEffect, useRef } from 'react'
import { isGrave } from './item.js'
import { createLiveRegion, type LiveRegion } from './live-region.js'
import { useLanguages, useShared, useTocsinState } from './provider.js'
import { useTexts } from './use-texts.js'
import { headlineOf } from './view.js'
import { withdrawalOf } from './withdrawal.js'

/**
 * Tells screen readers of every notice once for each change, never again because of a
 * reconnect or the next page. TocsinProvider has one.
 */
export function Announcer(): ReactNode {
  const { notices, ready } = useTocsinState()
  const languages = useLanguages()
  const texts = useTexts(languages)
  const region = useRef<LiveRegion | null>(null)
  const { marks } = useShared()

  useEffect(() => {
    region.current = createLiveRegion()
    return () => region.current?.remove()
  }, [])

  useEffect(() => {
    // After a sign-out the next person must not hear it, nor find it in the page.
    region.current?.keepOnly(new Set(notices.map((shown) => shown.identifier)))
    if (!ready) return
    for (const shown of notices) {
      if (marks.read().has(`said${shown.hash}`)) continue
      region.current?.say({
        urgent: isActual(shown) && isGrave(shown),
        texts: sentences(shown),
        done: () => marks.set(shown.hash, 'said'),
        key: shown.identifier,
      })
    }

    function sentences(shown: ShownNotice) {
      const { notice, phase } = shown
      const { info } = chooseInfo(notice, languages)
      const kind = [
        notice.status !== 'Actual' && texts.status[notice.status],
        phase === 'withdrawn' ? texts.withdrawn : texts.severity[info.severity],
        phase === 'active' && notice.msgType === 'Update' && texts.changed,
      ]
      const { note, language } = withdrawalOf(shown, languages) ?? {
        note: info.instruction,
        language: info.language,
      }
      return [
        { text: `${kind.filter(Boolean).join('. ')}.`, language: texts.language },
        { text: `${headlineOf(info)}.`, language: info.language },
        { text: note, language },
      ]
    }
  }, [notices, ready, languages, texts, marks])
  return null
}
