/** Languages that can be chosen; any BCP 47 tag of a notice is carried. */
export const offered = [
  'en',
  'es',
  'ar',
  'de',
  'fr',
  'pt',
  'it',
  'pl',
  'tr',
  'uk',
  'ru',
  'fa',
  'hi',
  'bn',
  'vi',
  'tl',
  'ko',
  'zh-Hans',
  'zh-Hant',
  'ht',
  'so',
] as const

const english = new Intl.DisplayNames('en', { type: 'language' })
const rightToLeft = new Set(['ar', 'fa', 'he', 'ur', 'ps', 'ckb', 'yi', 'dv'])

/** A language in English: Arabic. */
export function languageName(tag: string): string {
  try {
    return english.of(tag) ?? tag
  } catch {
    return tag
  }
}

export function directionOf(tag: string): 'ltr' | 'rtl' {
  return rightToLeft.has(tag.split('-')[0] ?? '') ? 'rtl' : 'ltr'
}
