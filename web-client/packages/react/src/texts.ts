import { en } from './texts-en.js'

/** A text by the plural categories of its language (Intl.PluralRules); `{n}` is the number. */
export type Plural = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>

/** What the parts themselves say, in one language. Plain data: it crosses from server to client. */
export type Texts = typeof en

type Loader = () => Promise<Texts>

const loaders: Readonly<Record<string, Loader>> = {
  ar: () => import('./texts-ar.js').then((m) => m.ar),
  de: () => import('./texts-de.js').then((m) => m.de),
  es: () => import('./texts-es.js').then((m) => m.es),
}

const loaded = new Map<string, Texts>([['en', en]])
const listeners = new Set<() => void>()

/** Makes texts that came with the page available without loading them again. */
export function rememberTexts(texts: Texts): void {
  loaded.set(texts.language, texts)
}

/** The first of the reader's languages that the parts speak; English where they speak none. */
export function spokenOf(languages: readonly string[]): string {
  for (const language of languages) {
    const primary = primaryOf(language)
    if (loaders[primary] || primary === 'en') return primary
  }
  return 'en'
}

export function primaryOf(language: string): string {
  return language.toLowerCase().split('-')[0] ?? ''
}

const regional = /^[a-z]{2,3}(-[a-z]{4})?-([a-z]{2}|\d{3})$/i

/**
 * A locale for times in a text of this language: `en-GB` rather than `en`. Its clock, of 12 or
 * of 24 hours, is that of the reader's region, whatever language the text is in.
 */
export function localeOf(languages: readonly string[], language: string): string {
  const known = languages.filter((l) => regional.test(l))
  const own = known.find((l) => primaryOf(l) === language) ?? language
  const hour = new Intl.DateTimeFormat(known[0] ?? own, { hour: 'numeric' })
  return `${own}-u-hc-${hour.resolvedOptions().hourCycle}`
}

/** Loads the texts of a language. A failure is not remembered: the next call tries again. */
export async function loadTexts(language: string): Promise<Texts> {
  const texts = loaded.get(language) ?? (await loaders[language]?.()) ?? en
  if (!loaded.has(language)) {
    loaded.set(language, texts)
    for (const listener of listeners) listener()
  }
  return texts
}

/** Calls `listener` when more texts have come, until what is returned is called. */
export function onTexts(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The texts that are there already, or none. */
export function textsAtHand(language: string): Texts | undefined {
  return loaded.get(language)
}

/** Fills in a number, with the language's own plural. */
export function counted(texts: Texts, plural: Plural, n: number): string {
  const text = plural[new Intl.PluralRules(texts.language).select(n)] ?? plural.other
  return text.replace('{n}', String(n))
}

const rightToLeft = /^(ar|ckb|dv|fa|he|ks|ps|sd|syr|ug|ur|yi)(-|$)|-(arab|hebr|thaa)(-|$)/i

/**
 * `lang` and `dir` for an element that holds text of this language; CAP's own where it names none.
 * '' stays: text of a language that nobody knows is not in that of what is around it.
 */
export function inLanguage(language = 'en-US'): { lang: string; dir: 'ltr' | 'rtl' } {
  return { lang: language, dir: rightToLeft.test(language) ? 'rtl' : 'ltr' }
}
