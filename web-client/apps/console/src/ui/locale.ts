import { localeOf } from '@tocsin/react'

/** Where whoever sits here lives, as the browser has it; outside of one, nowhere. */
export const home: readonly string[] = globalThis.navigator?.languages ?? []

/** Of the console's own times: English, written as banners write them for a reader from here. */
export const locale = localeOf(home, 'en')

/** A language as it is written here, `en-GB` for `en`; the language itself where that is not known. */
export function regionalOf(language: string): string {
  const known = home.find((tag) => tag.toLowerCase().startsWith(`${language.toLowerCase()}-`))
  return known ?? language
}

/** A reader of a language: from here if it is spoken here, otherwise from where most speak it. */
export function readerOf(language: string): string {
  const own = regionalOf(language)
  try {
    const { region } = new Intl.Locale(own)
    return region ? own : `${own}-${new Intl.Locale(own).maximize().region}`
  } catch {
    return language
  }
}
