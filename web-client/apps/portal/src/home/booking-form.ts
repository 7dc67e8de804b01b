// The appointment form without its looks: fields, what is missing, and the draft, which
// outlives a pause and a reload but not a sign-out.

import type { Cause, Way } from '../clinic.js'

export interface BookingFields {
  readonly cause: Cause | ''
  readonly way: Way
  readonly clinician: string
  readonly date: string
  readonly partOfDay: 'morning' | 'afternoon' | 'any'
  readonly telephone: string
  readonly about: string
  readonly interpreter: boolean
}

export const blank: BookingFields = {
  cause: '',
  way: 'inPerson',
  clinician: '',
  date: '',
  partOfDay: 'any',
  telephone: '',
  about: '',
  interpreter: false,
}

/** Whether anybody has filled in anything. */
export function isTyped(fields: BookingFields): boolean {
  return (Object.keys(blank) as (keyof BookingFields)[]).some(
    (name) => fields[name] !== blank[name],
  )
}

export type Required = 'cause' | 'date' | 'telephone'

/** What has to be filled in or corrected before it can be sent, in the form's order. */
export function missingOf(fields: BookingFields, today: string): readonly Required[] {
  const missing: Required[] = []
  if (!fields.cause) missing.push('cause')
  if (!/^\d{4}-\d\d-\d\d$/.test(fields.date) || fields.date < today) missing.push('date')
  if (fields.telephone.replace(/\D/g, '').length < 7) missing.push('telephone')
  return missing
}

/** A day as a date field writes it, in the reader's time zone. */
export function dayOf(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** `portal:` makes a sign-out delete it (login.ts). */
const draftKey = 'portal:booking-draft'

/** This tab's draft; a blank form if there is none. */
export function loadDraft(own: Storage): BookingFields {
  try {
    const found: unknown = JSON.parse(own.getItem(draftKey) ?? '{}')
    return { ...blank, ...sameTypes(found) }
  } catch {
    return blank
  }
}

export function saveDraft(own: Storage, fields: BookingFields): void {
  try {
    own.setItem(draftKey, JSON.stringify(fields))
  } catch {
    // Full or forbidden: it lasts as long as the page.
  }
}

export function dropDraft(own: Storage): void {
  own.removeItem(draftKey)
}

function sameTypes(found: unknown): Partial<BookingFields> {
  if (typeof found !== 'object' || found === null) return {}
  const fits = Object.entries(found).filter(
    ([name, value]) => name in blank && typeof value === typeof blank[name as keyof BookingFields],
  )
  return Object.fromEntries(fits)
}
