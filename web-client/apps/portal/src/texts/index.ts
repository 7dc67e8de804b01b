import type { Language } from '../language.js'
import { ar } from './ar.js'
import { de } from './de.js'
import { en, type Texts } from './en.js'
import { es } from './es.js'

export type { Texts } from './en.js'

export const texts: Readonly<Record<Language, Texts>> = { en, es, ar, de }

/** Fills in what stands in braces. */
export function fill(text: string, name: string): string {
  return text.replace('{name}', name)
}
