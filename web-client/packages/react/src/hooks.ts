'use client'

import type { ContactCard, Directive, Freshness, ShownNotice } from '@tocsin/client'
import { useMemo } from 'react'
import { useShared, useTocsinState } from './provider.js'

/** The notices to show, active and withdrawn, the gravest first, then the newest. */
export function useNotices(): readonly ShownNotice[] {
  return useTocsinState().notices
}

/** How far the notices can be relied on to be the newest. */
export function useFreshness(): Freshness {
  return useTocsinState().freshness
}

/** The contact cards; those built into the page until verified ones are there. */
export function useContacts(): readonly ContactCard[] {
  const { builtInContacts } = useShared()
  const { contacts } = useTocsinState()
  return contacts.length ? contacts : builtInContacts
}

/** Whether an active, actual notice says to stop this, for example `pause-booking`. */
export function useDirective(name: string): Directive {
  const { notices, freshness } = useTocsinState()
  return useMemo(() => {
    const asking = notices.filter((n) => isActual(n) && asksFor(n, name))
    return { on: asking.length > 0, notices: asking, freshness }
  }, [notices, freshness, name])
}

/** It is happening: neither an exercise, nor a test, nor withdrawn. */
export function isActual(shown: ShownNotice): boolean {
  return shown.phase === 'active' && shown.notice.status === 'Actual'
}

function asksFor(shown: ShownNotice, directive: string): boolean {
  return !!shown.notice.info?.some((info) =>
    info.parameter?.some((p) => p.valueName === 'directive' && p.value === directive),
  )
}
