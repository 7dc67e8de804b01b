'use client'

import { type ReactNode, useSyncExternalStore } from 'react'

/**
 * Today in the reader's time zone, '' on the server and at hydration, where nothing may
 * depend on clock, zone or locale data.
 */
export function useToday(): string {
  return useSyncExternalStore(
    onMidnight,
    () => new Date().toDateString(),
    () => '',
  )
}

// A page that is left open overnight must not show yesterday's time as today's.
function onMidnight(listener: () => void): () => void {
  const timer = setInterval(listener, 60_000)
  document.addEventListener('visibilitychange', listener)
  return () => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', listener)
  }
}

/** A time for people, with the date unless it is today, and the year unless it is this one. */
export function formatTime(date: Date, locale: string, today: string): string {
  if (!today) return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
  const format: Intl.DateTimeFormatOptions = { hour: 'numeric', minute: '2-digit' }
  if (date.toDateString() !== today) Object.assign(format, { day: 'numeric', month: 'short' })
  if (!today.endsWith(`${date.getFullYear()}`)) format.year = 'numeric'
  return date.toLocaleString(locale, format)
}

export function Time({ date, locale }: { date: Date; locale: string }): ReactNode {
  const today = useToday()
  if (!(+date < Infinity)) return null
  return <time dateTime={date.toISOString()}>{formatTime(date, locale, today)}</time>
}
