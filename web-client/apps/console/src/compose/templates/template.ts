import type { PresetId } from '../presets.js'

/** The words of a notice in one language. */
export interface Texts {
  readonly event: string
  readonly headline: string
  readonly instruction: string
  readonly description: string
}

/**
 * What is filled in once, and written into every language in its own way: names as they
 * are, dates and times and kinds of data in the language's words.
 */
export const fieldNames = ['clinic', 'telephone', 'since', 'happened', 'found', 'data'] as const
export type FieldName = (typeof fieldNames)[number]

/** A notice prepared for a situation. */
export interface Template {
  readonly id: string
  readonly name: string
  readonly category: readonly string[]
  readonly responseType?: readonly string[]
  readonly preset: PresetId
  readonly lastsHours: number
  readonly nextUpdateMinutes: number
  readonly pauseBooking: boolean
  readonly fields: readonly FieldName[]
  /** The duties of 45 CFR 164.404(c) are asked for. */
  readonly breach?: boolean
  readonly texts: Readonly<Record<string, Texts>>
}
