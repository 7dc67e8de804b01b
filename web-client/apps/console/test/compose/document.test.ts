import { checkNotice, parseStrict } from '@tocsin/client/verify'
import { describe, expect, test } from 'vitest'
import { type Audience, audienceFrom, reachOf } from '../../src/compose/audience.js'
import {
  cancelOf,
  noticeFrom,
  payloadOf,
  referenceTo,
  senderOf,
} from '../../src/compose/document.js'
import { draftOfUpdate, gravityOf } from '../../src/compose/draft.js'
import { fill, unfilled } from '../../src/compose/fill.js'
import { missingOf } from '../../src/compose/missing.js'
import { needOf } from '../../src/compose/need.js'
import { presetOf, presets } from '../../src/compose/presets.js'
import { templates } from '../../src/compose/templates/index.js'
import { uuidv7 } from '../../src/compose/uuid.js'
import { completeDraft } from './draft.js'

const now = new Date('2026-11-22T10:00:00.400Z')
const identity = () => ({
  identifier: uuidv7(now),
  sender: senderOf('Ana-Ruiz', 'desk.example'),
  now,
})

const audiences: readonly Audience[] = [
  { kind: 'everyone', values: [] },
  { kind: 'tenant', values: ['north', 'south'] },
  { kind: 'group', values: ['dialysis'] },
  { kind: 'cohort', values: ['breach-7'] },
  { kind: 'session', values: ['v-1'] },
  { kind: 'staff', values: [] },
]

/** What readers do with the payload first: it throws where they would refuse it. */
function read(payload: Uint8Array) {
  const parsed = parseStrict(payload)
  checkNotice(parsed)
  return parsed
}

describe('the document of a complete draft', () => {
  for (const { id } of templates) {
    for (const audience of audiences) {
      test(`${id} for ${audience.kind} keeps the fold rules`, () => {
        const draft = completeDraft(id, audience)
        expect(missingOf(draft, [])).toEqual([])
        const notice = noticeFrom(draft, identity())
        expect(read(payloadOf(notice))).toEqual(notice)
        expect(audienceFrom(notice.addresses ?? [])).toEqual(audience)
        expect(notice.scope).toBe(audience.kind === 'everyone' ? 'Public' : 'Restricted')
      })
    }
  }

  test('says what was chosen, in every language', () => {
    const notice = noticeFrom({ ...completeDraft(), status: 'Actual' }, identity())
    expect(notice.status).toBe('Actual')
    expect(notice.sender).toBe('ana-ruiz@desk.example')
    expect(notice.sent).toBe('2026-11-22T10:00:00+00:00')
    expect(notice.info?.map((info) => info.language)).toEqual(['en', 'es', 'ar', 'de'])
    for (const info of notice.info ?? []) {
      expect(info).toMatchObject({
        urgency: 'Immediate',
        severity: 'Severe',
        certainty: 'Observed',
        expires: '2026-11-22T14:00:00+00:00',
        contact: '+1 555 0100',
      })
      expect(info.description).toContain('Rivertown & Sons <Clinic>')
      expect(info.parameter).toEqual([
        { valueName: 'directive', value: 'pause-booking' },
        { valueName: 'nextUpdateBy', value: '2026-11-22T11:00:00+00:00' },
      ])
    }
  })

  test('an Update references every message, and keeps its audience', () => {
    const alert = noticeFrom(
      completeDraft('calls', { kind: 'tenant', values: ['north'] }),
      identity(),
    )
    const first = noticeFrom(completeDraft(), identity(), { alert, messages: [alert] })
    const draft = { ...draftOfUpdate(first, now), lastsHours: 1 }
    const second = noticeFrom(draft, identity(), { alert, messages: [alert, first] })
    expect(read(payloadOf(second))).toEqual(second)
    expect(second.references).toEqual([referenceTo(alert), referenceTo(first)])
    expect(second).toMatchObject({
      msgType: 'Update',
      scope: 'Restricted',
      addresses: ['tenant:north'],
    })
    expect(second.info?.map((info) => info.headline)).toEqual(
      first.info?.map((info) => info.headline),
    )
  })

  test('a Cancel says why and nothing else', () => {
    const alert = noticeFrom(completeDraft(), identity())
    const cancel = cancelOf({ alert, messages: [alert] }, 'It is over.', identity())
    expect(read(payloadOf(cancel))).toEqual(cancel)
    expect(cancel).toMatchObject({
      msgType: 'Cancel',
      note: 'It is over.',
      references: [referenceTo(alert)],
    })
    expect(cancel.info).toBeUndefined()
    expect(needOf(cancel, undefined)).toBe(1)
  })
})

describe('what is missing', () => {
  const without = (change: object) =>
    missingOf({ ...completeDraft('breach'), ...change }, ['clinic.example']).map(({ part }) => part)

  test.each([
    ['status', { status: null }],
    ['preset', { preset: null }],
    ['audience', { audience: null }],
    ['audience', { audience: { kind: 'tenant', values: [] } }],
    ['audience', { audience: { kind: 'tenant', values: ['nörth'] } }],
    ['audience', { audience: { kind: 'session', values: ['a', 'b'] } }],
    ['words', { values: { ...completeDraft().values, found: '' } }],
    ['words', { values: { ...completeDraft().values, telephone: ' ' } }],
    ['times', { link: 'https://evil.example/' }],
    ['times', { link: 'http://clinic.example/' }],
    ['times', { lastsHours: 401 * 24 }],
    ['times', { nextUpdateMinutes: 24 * 60 * 15 }],
    ['duties', { duties: ['what'] }],
  ])('%s: %o', (part, change) => {
    expect(without(change)).toEqual([part])
  })

  test('a link to an allowed host is none', () => {
    expect(without({ link: 'https://clinic.example/breach?x=1' })).toEqual([])
  })

  test('a break-glass key needs a reason', () => {
    expect(missingOf(completeDraft(), [], true).map(({ part }) => part)).toEqual(['glass'])
    expect(missingOf({ ...completeDraft(), note: 'Nobody else answers.' }, [], true)).toEqual([])
  })
})

describe('templates', () => {
  test.each(
    templates.filter(({ id }) => id !== 'own').map((template) => [template.id, template] as const),
  )('%s has all languages, and names in braces only what can be filled in', (_, template) => {
    expect(Object.keys(template.texts)).toEqual(['en', 'es', 'ar', 'de'])
    const { values } = completeDraft()
    for (const [language, texts] of Object.entries(template.texts)) {
      for (const name of unfilled(texts)) expect(template.fields).toContain(name)
      const filled = fill(texts, values, language)
      expect(Object.values(filled).join(' ')).not.toMatch(/[{}]/)
    }
  })

  test('dates and kinds of data are in the language’s words', () => {
    const { values } = completeDraft()
    const texts = { event: '', headline: '', instruction: '{data}', description: '{happened}' }
    expect(fill(texts, values, 'es')).toMatchObject({
      instruction: 'nombres y diagnósticos, resultados y medicamentos',
      description: '20 de noviembre de 2026',
    })
  })
})

describe('presets', () => {
  test('are four, and each is known again by its values', () => {
    expect(presets).toHaveLength(4)
    for (const preset of presets) {
      expect(presetOf(preset.gravity)).toBe(preset)
      expect(gravityOf({ ...completeDraft(), preset: preset.id })).toBe(preset.gravity)
    }
    expect(presets.map(({ gravity }) => gravity.severity)).toEqual([
      'Extreme',
      'Severe',
      'Moderate',
      'Minor',
    ])
  })

  test('an Update of a foreign notice keeps values that no preset has', () => {
    const notice = noticeFrom(completeDraft(), identity())
    const odd = { urgency: 'Future', severity: 'Severe', certainty: 'Possible' } as const
    const foreign = { ...notice, info: notice.info?.map((info) => ({ ...info, ...odd })) ?? [] }
    const draft = draftOfUpdate(foreign, now)
    expect(draft.preset).toBe('kept')
    expect(gravityOf(draft)).toEqual(odd)
  })
})

test('reach is counted by the labels of the audience', () => {
  const connected = {
    updated: '',
    nodes: 1,
    sessions: 1240,
    byTier: {},
    bySurface: {},
    byLabel: { 'tenant:north': 400, 'tenant:south': 100, 'group:staff': 7 },
  }
  const reach = audiences.map((audience) => reachOf(audience, connected))
  expect(reach).toEqual([1240, 500, 0, 0, null, 7])
  expect(reachOf({ kind: 'everyone', values: [] }, undefined)).toBeNull()
})

test.each([
  ['a patient', undefined, [], 2],
  ['staff only', undefined, ['group:staff'], 1],
  ['staff and others', undefined, ['group:staff', 'group:dialysis'], 2],
  ['staff of a clinic', undefined, ['group:staff', 'tenant:north'], 1],
  ['a policy by severity', { thresholds: { bySeverity: { Severe: 3 } } }, [], 3],
])('how many must sign: %s', (_, policy, addresses, need) => {
  expect(needOf({ ...noticeFrom(completeDraft(), identity()), addresses }, policy)).toBe(need)
})
