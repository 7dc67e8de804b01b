import { expect, test } from 'vitest'
import { localeOf } from '../src/texts.js'
import { formatTime } from '../src/time.js'

test('a time has its date unless it is today, and its year unless it is this one', () => {
  const at = (year: number, day: number) =>
    formatTime(new Date(year, 10, day, 10, 5), 'de', new Date(2026, 10, 22).toDateString())
  expect(at(2026, 22)).toBe('10:05')
  expect(at(2026, 21)).toMatch(/^21\. Nov\.,? 10:05$/)
  expect(at(2025, 22)).toMatch(/^22\. Nov\. 2025,? 10:05$/)
})

test.each([
  [['en-GB', 'en'], 'en', '14:05'],
  [['en', 'en-GB'], 'en', '14:05'],
  [['en-US'], 'en', '2:05\u202fPM'],
  [['es', 'en-US'], 'es', '2:05\u202fp. m.'],
  [['en', 'de-DE'], 'en', '14:05'],
  [['fr-FR'], 'en', '14:05'],
  [['de'], 'de', '14:05'],
  [['*', 'en_US'], 'en', '2:05\u202fPM'],
])('for a reader of %s, in a text in %s: %s', (languages, language, shown) => {
  const time = new Date(2026, 10, 22, 14, 5)
  const text = formatTime(time, localeOf(languages, language), time.toDateString())
  expect(text.replace(/\s/g, ' ')).toBe(shown.replace(/\s/g, ' '))
})
