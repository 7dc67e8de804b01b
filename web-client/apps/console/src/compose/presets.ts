import type { Info } from '@tocsin/client'

/** How bad it is, and whether it is happening now, as CAP has it. */
export type Gravity = Pick<Info, 'urgency' | 'severity' | 'certainty'>

export type PresetId = 'danger' | 'serious' | 'coming' | 'information'

/** One of four answers to "How bad is it?". */
export interface Preset {
  readonly id: PresetId
  readonly name: string
  readonly hint: string
  readonly gravity: Gravity
}

export const presets: readonly Preset[] = [
  {
    id: 'danger',
    name: 'Now, and people may be harmed',
    hint: 'Read aloud at once. It stays until it ends.',
    gravity: { urgency: 'Immediate', severity: 'Extreme', certainty: 'Observed' },
  },
  {
    id: 'serious',
    name: 'Now, and it is serious',
    hint: 'Read aloud at once.',
    gravity: { urgency: 'Immediate', severity: 'Severe', certainty: 'Observed' },
  },
  {
    id: 'coming',
    name: 'Limited, or expected soon',
    hint: 'Shown clearly, read out politely.',
    gravity: { urgency: 'Expected', severity: 'Moderate', certainty: 'Likely' },
  },
  {
    id: 'information',
    name: 'Over, or good to know',
    hint: 'Shown calmly.',
    gravity: { urgency: 'Past', severity: 'Minor', certainty: 'Observed' },
  },
]

/** The preset whose values these are. */
export function presetOf(gravity: Gravity): Preset | undefined {
  return presets.find(
    ({ gravity: g }) =>
      g.urgency === gravity.urgency &&
      g.severity === gravity.severity &&
      g.certainty === gravity.certainty,
  )
}
