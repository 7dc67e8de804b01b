'use client'

import type { ReactNode } from 'react'
import { useFreshness } from './hooks.js'
import { useLanguages } from './provider.js'
import { localeOf } from './texts.js'
import { formatTime, useToday } from './time.js'
import { useTexts } from './use-texts.js'

/** How new all this is: "Live", or "Not updated since 14:05"; and whether all of it is here. */
export function FreshnessLine(): ReactNode {
  const { state, since, reason } = useFreshness()
  const languages = useLanguages()
  const texts = useTexts(languages)
  const today = useToday()
  const said = [
    (reason === 'offline' || reason === 'withheld') && texts[reason],
    state !== 'stale' && texts[state],
    state !== 'live' &&
      (since
        ? texts.notUpdated.replace(
            '{time}',
            formatTime(since, localeOf(languages, texts.language), today),
          )
        : state === 'stale' && reason !== 'withheld' && texts.neverUpdated),
  ]
  return (
    <span className="tocsin-freshness" data-freshness={state}>
      {said.filter(Boolean).join(' ')}
    </span>
  )
}
