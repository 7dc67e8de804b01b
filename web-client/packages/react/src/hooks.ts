'use client'

import {
  type ContactCard,
  type Directive,
  directiveIn,
  type Freshness,
  type ShownNotice,
} from '@tocsin/client'
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

/** The contact cards; those built into the page until verified ones for patients are there. */
export function useContacts(): readonly ContactCard[] {
  const { builtInContacts } = useShared()
  const { contacts } = useTocsinState()
  return contacts.some((card) => /^(patient)?$/.test(card.audience)) ? contacts : builtInContacts
}

/** Whether an active, actual notice says to stop this, for example `pause-booking`. */
export function useDirective(name: string): Directive {
  const state = useTocsinState()
  return useMemo(() => directiveIn(state, name), [state, name])
}
