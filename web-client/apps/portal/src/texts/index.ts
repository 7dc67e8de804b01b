import type { Language } from '../language.js'
import { ar } from './ar.js'
import { de } from './de.js'
import { en, type Texts } from './en.js'
import { es } from './es.js'

export type { Texts } from './en.js'

export const texts: Readonly<Record<Language, Texts>> = { en, es, ar, de }

const rightToLeft = /[\u0590-\u08ff]/

/** Fills in what stands in braces, apart from the text's own direction. */
export function fill(text: string, name: string): string {
  return text.replace('{name}', () => (rightToLeft.test(text) ? `\u2068${name}\u2069` : name))
}
