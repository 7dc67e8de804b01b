import { expect, it } from 'vitest'
import { pageLanguage, readersLanguages } from '../src/language.js'

it.each([
  [['de-AT', 'en'], 'de'],
  [['fr-FR', 'AR-eg', 'en'], 'ar'],
  [['fr', 'pl'], 'en'],
  [['toString'], 'en'],
  [[], 'en'],
])('of %o the page speaks %s', (wanted, language) => {
  expect(pageLanguage(wanted)).toBe(language)
})

it('puts the chosen language before those of the browser', () => {
  expect(readersLanguages('es', ['en-GB', 'es', 'en'])).toEqual(['es', 'en-GB', 'en'])
  const browser = ['en-GB', 'en']
  expect(readersLanguages(null, browser)).toBe(browser)
})
