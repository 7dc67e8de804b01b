import { expect, test } from 'vitest'
import { formatTime } from '../src/time.js'

test('a time has its date unless it is today, and its year unless it is this one', () => {
  const at = (year: number, day: number) =>
    formatTime(new Date(year, 10, day, 10, 5), 'de', new Date(2026, 10, 22).toDateString())
  expect(at(2026, 22)).toBe('10:05')
  expect(at(2026, 21)).toMatch(/^21\. Nov\.,? 10:05$/)
  expect(at(2025, 22)).toMatch(/^22\. Nov\. 2025,? 10:05$/)
})
