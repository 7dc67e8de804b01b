import type { Notice } from '@tocsin/client'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { languagesThatAre, noticeDifference, wordDifference } from '../../src/notice/difference.js'

const kindsOf = (kinds: readonly string[], runs: ReturnType<typeof wordDifference>) =>
  runs
    .filter(({ kind }) => kinds.includes(kind))
    .map(({ text }) => text)
    .join('')

describe('words', () => {
  test('that were put in place of others stand together, in the order of reading', () => {
    expect(wordDifference('Visits are down today', 'Visits are back now today', 'en')).toEqual([
      { kind: 'same', text: 'Visits are ' },
      { kind: 'removed', text: 'down' },
      { kind: 'added', text: 'back now' },
      { kind: 'same', text: ' today' },
    ])
    expect(wordDifference('a b c', 'x y c', 'en').slice(0, 2)).toEqual([
      { kind: 'removed', text: 'a b' },
      { kind: 'added', text: 'x y' },
    ])
  })

  test('of a script without spaces are told apart, too', () => {
    expect(
      wordDifference('視訊看診無法使用', '視訊看診可以使用', 'zh-Hant').length,
    ).toBeGreaterThan(2)
  })

  test('both texts can be read out of it, whatever they are', () => {
    const word = fc.constantFrom('a', 'b', 'not', ' ', '  ', '\n', '.', 'é')
    const text = fc.array(word, { maxLength: 12 }).map((words) => words.join(''))
    fc.assert(
      fc.property(text, text, (before, after) => {
        const runs = wordDifference(before, after, 'en')
        expect(kindsOf(['same', 'removed'], runs)).toBe(before)
        expect(kindsOf(['same', 'added'], runs)).toBe(after)
        expect(runs.every((run, i) => run.kind !== runs[i + 1]?.kind)).toBe(true)
      }),
    )
  })

  test('long texts do not hang the page', () => {
    const long = (word: string) => Array.from({ length: 5000 }, (_, i) => `${word}${i}`).join(' ')
    expect(wordDifference(long('a'), long('b'), 'en').length).toBeLessThan(9)
  })
})

const info = {
  language: 'en',
  category: ['Health'],
  event: 'Outage',
  urgency: 'Immediate',
  severity: 'Severe',
  certainty: 'Observed',
  expires: '2026-11-22T14:00:00+00:00',
  headline: 'Visits are down',
  instruction: 'Call us.',
} as const
const spanish = { ...info, language: 'es', headline: 'No hay visitas', instruction: 'Llámenos.' }
const notice: Notice = {
  identifier: '1',
  sender: 'a@b',
  sent: '2026-11-22T10:00:00+00:00',
  status: 'Actual',
  msgType: 'Alert',
  scope: 'Public',
  info: [info, spanish],
}
const update = (infos: Notice['info']): Notice => ({
  ...notice,
  identifier: '2',
  msgType: 'Update',
  sent: '2026-11-22T11:00:00+00:00',
  references: ['a@b,1,2026-11-22T10:00:00+00:00'],
  ...(infos && { info: infos }),
})

describe('a notice', () => {
  test('that says the same changes nothing', () => {
    const { shared, languages } = noticeDifference(notice, update([info, spanish]))
    expect(shared).toEqual([])
    expect(languages.map(({ state }) => state)).toEqual(['same', 'same'])
  })

  test('one language that was left behind is named', () => {
    const difference = noticeDifference(
      notice,
      update([{ ...info, headline: 'Visits are back' }, spanish]),
    )
    expect(difference.languages[0]).toMatchObject({ fields: [{ name: 'Headline' }] })
    expect(languagesThatAre('same', difference)).toBe('Spanish')
  })

  test('what changes alike in every language is said once', () => {
    const milder = { severity: 'Minor', category: ['Safety'] } as const
    const difference = noticeDifference(
      notice,
      update([
        { ...info, ...milder },
        { ...spanish, ...milder },
      ]),
    )
    expect(difference.shared.map(({ name }) => name)).toEqual(['Severity', 'category'])
    expect(languagesThatAre('same', difference)).toBe('English and Spanish')
  })

  test('languages come and go; parameters are members of their own', () => {
    const parameter = [{ valueName: 'directive', value: 'pause-booking' }]
    const german = { ...info, language: 'de', headline: 'Keine Sprechstunde' }
    const difference = noticeDifference(notice, update([{ ...info, parameter }, german]))
    expect(languagesThatAre('added', difference)).toBe('German')
    expect(languagesThatAre('removed', difference)).toBe('Spanish')
    expect(difference.languages[0]?.fields).toEqual([
      { name: 'It also does', runs: [{ kind: 'added', text: 'pause-booking' }] },
    ])
  })

  test('no member is hidden, whatever its name', () => {
    const other = { ...update([info, spanish]), incidents: ['x'], restriction: 'Staff' }
    expect(noticeDifference(notice, other).shared.map(({ name }) => name)).toEqual([
      'incidents',
      'For, in the sender’s words',
    ])
  })
})
