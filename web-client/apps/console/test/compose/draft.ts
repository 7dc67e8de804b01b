import type { Audience } from '../../src/compose/audience.js'
import { type Draft, emptyDraft, withTemplate } from '../../src/compose/draft.js'
import { templateOf } from '../../src/compose/templates/index.js'

/** A draft to which nothing is missing. */
export function completeDraft(
  template = 'calls',
  audience: Audience = { kind: 'everyone', values: [] },
): Draft {
  const draft = withTemplate(emptyDraft(), templateOf(template))
  const words = {
    event: 'Fire drill',
    headline: 'Fire drill',
    instruction: 'Stay calm.',
    description: '',
  }
  return {
    ...draft,
    status: 'Exercise',
    audience,
    texts: template === 'own' ? [{ language: 'en', ...words }] : draft.texts,
    values: {
      clinic: 'Rivertown & Sons <Clinic>',
      telephone: '+1 555 0100',
      since: '2026-11-22T06:05',
      happened: '2026-11-20',
      found: '2026-11-21',
      data: ['names', 'diagnoses'],
    },
    duties: ['what', 'kinds', 'protect', 'doing', 'contact'],
  }
}
