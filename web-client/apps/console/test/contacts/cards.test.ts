import { describe, expect, test } from 'vitest'
import { cardErrors, contactsOf, draftOf, emptyCard, gaps } from '../../src/contacts/cards.js'
import { contactsChange } from '../../src/documents/contactsWords.js'

const card = { ...emptyCard, name: 'Crisis line', telephone: '+1 555-0100' }

describe('a card', () => {
  test.each([
    ['telephone', {}],
    ['e-mail alone', { telephone: '', email: 'help@clinic.example' }],
    ['a region', { language: 'pt-BR' }],
    ['another script', { language: 'ar', name: 'خط الأزمات' }],
    ['spaces around', { name: ' Crisis line ', telephone: ' 555 ' }],
  ])('with %s is right', (_, change) => {
    expect(cardErrors({ ...card, ...change })).toEqual({})
  })

  test.each([
    ['language', { language: '' }],
    ['language', { language: 'english language' }],
    ['language', { language: 'e' }],
    ['name', { name: ' ' }],
    ['telephone', { telephone: '' }],
    ['telephone', { telephone: 'call us' }],
    ['telephone', { telephone: '1'.repeat(41) }],
    ['email', { email: 'help' }],
    ['email', { email: 'help@clinic..example' }],
    ['email', { email: 'help@-clinic.example' }],
    ['hours', { hours: 'day\nand night' }],
    ['audience', { audience: 'Patients' }],
  ])('with a wrong %s is told: %j', (member, change) => {
    expect(Object.keys(cardErrors({ ...card, ...change }))).toEqual([member])
  })
})

describe('the document', () => {
  const at = Date.parse('2026-03-10T12:00:00Z')
  test('holds what was said, and the next version', () => {
    const doc = contactsOf({ version: 6, sent: '' }, [{ ...card, name: ' Crisis line ' }], at)
    expect(doc).toEqual({
      version: 7,
      sent: '2026-03-10T12:00:00+00:00',
      cards: [{ language: 'en', name: 'Crisis line', telephone: '+1 555-0100' }],
    })
    expect(doc.cards?.map(draftOf)).toEqual([card])
    expect(contactsOf(null, [], at).version).toBe(1)
  })

  test('and what it changes', () => {
    const before = contactsOf(null, [card, { ...card, language: 'es' }], at)
    const after = contactsOf(before, [card, { ...card, language: 'de' }], at)
    const change = contactsChange(before, after)
    expect(change.begins).toEqual(['\u2068Crisis line\u2069 (German): +1 555-0100'])
    expect(change.ends).toEqual(['\u2068Crisis line\u2069 (Spanish): +1 555-0100'])
    expect(change.stays).toHaveLength(1)
  })

  test('tells which language lacks a card that others have', () => {
    const cards = [
      { language: 'en', name: 'a' },
      { language: 'es', name: 'a' },
      { language: 'en', audience: 'staff', name: 'b' },
    ]
    expect(gaps(cards)).toEqual([{ audience: 'staff', missing: ['es'] }])
  })
})
