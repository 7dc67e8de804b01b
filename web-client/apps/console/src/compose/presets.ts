import type { Info } from '@tocsin/client'

/** How bad it is, and whether it is happening now, as CAP has it. */
export type Gravity = Pick<Info, 'urgency' | 'severity' | 'certainty'>

export type PresetId = 'danger' | 'serious' | 'coming' | 'information'

/** One of four answers to "Is it happening now, and how bad is it?". */
export interface Preset {
  readonly id: PresetId
  readonly name: string
  readonly hint: string
  readonly gravity: Gravity
}

export const presets: readonly Preset[] = [
  {
    id: 'danger',
    name: 'It is happening now, and people may be harmed',
    hint: 'Read aloud at once. Readers can make it small, but it stays until it ends.',
    gravity: { urgency: 'Immediate', severity: 'Extreme', certainty: 'Observed' },
  },
  {
    id: 'serious',
    name: 'It is happening now, and it is serious',
    hint: 'Read aloud at once. For a breach, or when calls or records are down.',
    gravity: { urgency: 'Immediate', severity: 'Severe', certainty: 'Observed' },
  },
  {
    id: 'coming',
    name: 'It is limited, or it is expected soon',
    hint: 'Shown clearly, read out politely. For a planned outage, or a warning.',
    gravity: { urgency: 'Expected', severity: 'Moderate', certainty: 'Likely' },
  },
  {
    id: 'information',
    name: 'It is over, or only good to know',
    hint: 'Shown calmly. For “it works again”.',
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
