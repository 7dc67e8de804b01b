import { locale } from './locale.js'

const sameDay: Intl.DateTimeFormatOptions = { hour: 'numeric', minute: '2-digit' }
const otherDay: Intl.DateTimeFormatOptions = { ...sameDay, day: 'numeric', month: 'short' }
const otherYear: Intl.DateTimeFormatOptions = { ...otherDay, year: 'numeric' }
const whole = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'long' })

/** A time as its reader's country writes it: without today's day, without this year; whole on hover. */
export function Time({ at }: { readonly at: Date | string }) {
  const date = typeof at === 'string' ? new Date(at) : at
  if (Number.isNaN(date.getTime())) return <span>{String(at)}</span>
  return (
    <time dateTime={date.toISOString()} title={whole.format(date)}>
      {timeText(date)}
    </time>
  )
}

/** The words of Time, for where there is no element. */
export function timeText(date: Date, now = new Date()): string {
  const today = date.toDateString() === now.toDateString()
  const form = today ? sameDay : date.getFullYear() === now.getFullYear() ? otherDay : otherYear
  return new Intl.DateTimeFormat(locale, form).format(date)
}
