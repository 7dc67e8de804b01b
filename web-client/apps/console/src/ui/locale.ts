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
