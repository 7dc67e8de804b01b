const english = new Intl.NumberFormat('en-US')

/** A number with its noun: 1 person, 1,240 people. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${english.format(n)} ${n === 1 ? one : many}`
}

/** Hours in words: 90 minutes, 4 hours, 3 days. */
export function duration(minutes: number): string {
  if (minutes < 120) return count(minutes, 'minute')
  const hours = Math.round(minutes / 60)
  return hours < 72 ? count(hours, 'hour') : count(Math.round(hours / 24), 'day')
}
