import type { Info, Notice, Pair } from '@tocsin/client'
import { type Audience, audienceFrom } from './audience.js'
import type { Values } from './fill.js'
import { type Gravity, type PresetId, presetOf, presets } from './presets.js'
import { type Template, type Texts, templateOf } from './templates/index.js'

/** The words in one language, as they are being written. */
export interface DraftTexts extends Texts {
  readonly language: string
}

/** A notice as it is being written; nothing in it has authority. */
export interface Draft {
  readonly status: 'Actual' | 'Exercise' | null
  readonly template: string | null
  /** `kept`: that of the notice which is being updated, which none of the presets is. */
  readonly preset: PresetId | 'kept' | null
  readonly kept: Gravity | null
  readonly audience: Audience | null
  readonly values: Values
  readonly texts: readonly DraftTexts[]
  readonly link: string
  /** Counted from the signature. */
  readonly lastsHours: number
  /** Counted from the signature; 0 for none. */
  readonly nextUpdateMinutes: number
  readonly pauseBooking: boolean
  /** Why a break-glass key signs; readers of the log see it. */
  readonly note: string
  /** Which of the duties of a breach notice were ticked. */
  readonly duties: readonly string[]
}

export function emptyDraft(values: Partial<Values> = {}): Draft {
  return {
    status: null,
    template: null,
    preset: null,
    kept: null,
    audience: null,
    values: { clinic: '', telephone: '', since: '', happened: '', found: '', data: [], ...values },
    texts: [{ language: 'en', event: '', headline: '', instruction: '', description: '' }],
    link: '',
    lastsHours: 4,
    nextUpdateMinutes: 60,
    pauseBooking: false,
    note: '',
    duties: [],
  }
}

/** The draft with a template's words and its usual choices. */
export function withTemplate(draft: Draft, template: Template): Draft {
  const texts = Object.entries(template.texts).map(([language, words]) => ({ language, ...words }))
  return {
    ...draft,
    template: template.id,
    preset: template.preset,
    texts,
    lastsHours: template.lastsHours,
    nextUpdateMinutes: template.nextUpdateMinutes,
    pauseBooking: template.pauseBooking,
    duties: [],
  }
}

/** How bad it is, if that was answered. */
export function gravityOf(draft: Draft): Gravity | null {
  if (draft.preset === 'kept') return draft.kept
  return presets.find((preset) => preset.id === draft.preset)?.gravity ?? null
}

/** Whether the duties of 45 CFR 164.404(c) are asked for. */
export function isBreach(draft: Draft): boolean {
  return templateOf(draft.template ?? '').breach === true
}

/** The draft of an Update: what shows now, to be changed. */
export function draftOfUpdate(current: Notice, now: Date): Draft {
  const [first] = current.info ?? []
  const gravity: Gravity | null = first
    ? { urgency: first.urgency, severity: first.severity, certainty: first.certainty }
    : null
  const next = parameter(first, 'nextUpdateBy')
  const hours = first?.expires ? (Date.parse(first.expires) - now.getTime()) / 3_600_000 : 4
  return {
    ...emptyDraft({ clinic: first?.senderName ?? '', telephone: first?.contact ?? '' }),
    status: current.status === 'Actual' ? 'Actual' : 'Exercise',
    template: 'own',
    preset: gravity ? (presetOf(gravity)?.id ?? 'kept') : null,
    kept: gravity,
    audience: audienceFrom(current.addresses ?? []),
    texts: (current.info ?? []).map((info) => ({
      language: info.language ?? 'en-US',
      event: info.event,
      headline: info.headline ?? '',
      instruction: info.instruction ?? '',
      description: info.description ?? '',
    })),
    link: first?.web ?? '',
    lastsHours: Math.max(1, Math.ceil(hours)),
    nextUpdateMinutes: next ? 60 : 0,
    pauseBooking: parameter(first, 'directive') === 'pause-booking',
  }
}

function parameter(info: Info | undefined, name: string): string | undefined {
  return info?.parameter?.find((pair: Pair) => pair.valueName === name)?.value
}
