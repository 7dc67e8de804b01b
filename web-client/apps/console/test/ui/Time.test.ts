import { localeOf } from '@tocsin/react'
import { afterEach, expect, test, vi } from 'vitest'
import { formatTime } from '../../../../packages/react/src/time.js'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

test.each([
  [['en-US', 'en'], '2:05 PM', 'Sun Nov 22 2026 2:05 PM'],
  [['en-GB', 'en'], '14:05', 'Sun 22 Nov 2026 14:05'],
  [['de-DE', 'de'], '14:05', 'Sun Nov 22 2026 14:05'],
])('times of %s are written as in the banner below them', async (languages, short, long) => {
  vi.stubGlobal('navigator', { languages })
  const { timeText } = await import('../../src/ui/Time.js')
  const { clock } = await import('../../src/ui/clock.js')
  const at = new Date(2026, 10, 22, 14, 5)
  // Versions of ICU differ in commas and spaces.
  const plain = (text: string) => text.replace(/,/g, '').replace(/\s/g, ' ')
  expect(plain(timeText(at, at))).toBe(short)
  expect(timeText(at, at)).toBe(formatTime(at, localeOf(languages, 'en'), at.toDateString()))
  expect(plain(clock(at.toISOString()))).toBe(long)
})

test('a language is written as where whoever sits here lives', async () => {
  vi.stubGlobal('navigator', { languages: ['en-GB', 'es-419'] })
  const { regionalOf } = await import('../../src/ui/locale.js')
  expect(['en', 'es', 'de', 'es-US'].map(regionalOf)).toEqual(['en-GB', 'es-419', 'de', 'es-US'])
})

test.each([
  [['en-US', 'en'], { en: '2:05 PM', de: '14:05', es: '14:05' }],
  [['en-GB', 'es-US'], { en: '14:05', de: '14:05', es: '2:05 p.m.' }],
])('where %s is read, a preview shows the clock of its readers', async (languages, clocks) => {
  vi.stubGlobal('navigator', { languages })
  const { regionalOf } = await import('../../src/ui/locale.js')
  const at = new Date(2026, 10, 22, 14, 5)
  for (const [language, said] of Object.entries(clocks)) {
    const shown = formatTime(
      at,
      localeOf([regionalOf(language), 'en'], language),
      at.toDateString(),
    )
    expect(shown.replace(/\s/g, ' ')).toBe(said)
  }
})
