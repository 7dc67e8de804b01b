import { count } from '../ui/count.js'

/** Hours in words: 90 minutes, 4 hours, 3 days. */
export function duration(minutes: number): string {
  if (minutes < 120) return count(minutes, 'minute')
  const hours = Math.round(minutes / 60)
  return hours < 72 ? count(hours, 'hour') : count(Math.round(hours / 24), 'day')
}
