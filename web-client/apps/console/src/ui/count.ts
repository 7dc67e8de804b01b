const numbers = new Intl.NumberFormat('en-GB')

/** "4,812". */
export function number(n: number): string {
  return numbers.format(n)
}

/** "1 session", "4,812 sessions". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${number(n)} ${n === 1 ? one : many}`
}

/** "1 person", "2 people". */
export function people(n: number): string {
  return count(n, 'person', 'people')
}
