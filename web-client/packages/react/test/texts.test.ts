import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { counted, inLanguage, loadTexts, spokenOf } from '../src/texts.js'
import { en } from '../src/texts-en.js'

const languages = ['en', 'es', 'ar', 'de']

describe('texts', () => {
  test.each(languages)('%s says all that English says', async (language) => {
    const texts = await loadTexts(language)
    expect(texts.language).toBe(language)
    expect(names(texts)).toEqual(names(en))
    expect(texts.notUpdated).toContain('{time}')
  })

  test.each(languages)('%s has a plural for every number', async (language) => {
    const texts = await loadTexts(language)
    for (let n = 1; n <= 16; n++) {
      const text = counted(texts, texts.verified, n)
      expect(text).not.toContain('{n}')
      expect(texts.verified[new Intl.PluralRules(language).select(n)]).toBeDefined()
    }
  })

  test('are those of the first language that the parts speak', () => {
    expect(spokenOf(['zh-Hant', 'es-419', 'en'])).toBe('es')
    expect(spokenOf(['zh'])).toBe('en')
    expect(spokenOf([])).toBe('en')
  })

  test('any language has a direction', () => {
    fc.assert(
      fc.property(fc.string(), (language) => {
        expect(['ltr', 'rtl']).toContain(inLanguage(language).dir)
      }),
    )
    const rtl = ['ar', 'AR-eg', 'he', 'fa-IR', 'ur', 'pa-Arab']
    expect(rtl.map((l) => inLanguage(l).dir)).toEqual(rtl.map(() => 'rtl'))
    expect(['arn', 'en', 'hea', 'az-Latn'].map((l) => inLanguage(l).dir)).not.toContain('rtl')
  })
})

function names(texts: object): string[] {
  return Object.entries(texts)
    .flatMap(([name, value]) =>
      typeof value === 'object' && name !== 'verified'
        ? names(value).map((n) => `${name}.${n}`)
        : [name],
    )
    .sort()
}
