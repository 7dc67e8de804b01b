import { count } from './count.js'
import { locale } from './locale.js'

const form = new Intl.DateTimeFormat(locale, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
})

/** A document's time in the reader's zone, with its weekday and year; other text as it is. */
export function clock(text: string): string {
  const at = Date.parse(text)
  return Number.isNaN(at) ? text : form.format(at)
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const

/** A span in its largest unit, rounded down: "3 days", "1 hour", "0 seconds". */
export function span(ms: number): string {
  const [unit, size] = units.find(([, each]) => ms >= each) ?? units[3]
  return count(Math.floor(Math.max(ms, 0) / size), unit)
}
