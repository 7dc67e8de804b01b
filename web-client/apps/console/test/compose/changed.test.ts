import { expect, test } from 'vitest'
import { beganWith, leftBehind } from '../../src/compose/changed.js'
import { type Draft, emptyDraft, withTemplate } from '../../src/compose/draft.js'
import { templateOf } from '../../src/compose/templates/index.js'

const fresh = withTemplate(emptyDraft(), templateOf('downtime'))

function said(draft: Draft, before?: Draft) {
  return leftBehind(draft.texts, beganWith(draft, before))
}

function changed(draft: Draft, ...languages: string[]): Draft {
  const texts = draft.texts.map((one) =>
    languages.includes(one.language) ? { ...one, description: 'Results work again.' } : one,
  )
  return { ...draft, texts }
}

test('words of one language that were changed leave the others behind', () => {
  expect(said(fresh)).toBeNull()
  expect(said(changed(fresh, 'en'))).toBe(
    'You changed English. Spanish, Arabic, and German still say what they said before.',
  )
  expect(said(changed(fresh, 'en', 'es', 'ar'))).toBe(
    'You changed English, Spanish, and Arabic. German still says what it said before.',
  )
  expect(said(changed(fresh, 'en', 'es', 'ar', 'de'))).toBeNull()
})

test('what was left out is not left behind', () => {
  const draft = changed(fresh, 'en')
  expect(said({ ...draft, texts: draft.texts.slice(0, 1) })).toBeNull()
})

test('an update is held against what shows now', () => {
  const before = { ...changed(fresh, 'en', 'es', 'ar', 'de'), template: 'own' }
  expect(said(before, before)).toBeNull()
  const [english, ...others] = before.texts
  const draft = english && { ...before, texts: [{ ...english, headline: 'New' }, ...others] }
  expect(draft && said(draft, before)).toMatch(/^You changed English\. Spanish/)
})

test('words of one’s own are held against nothing', () => {
  const own = { ...emptyDraft(), template: 'own' }
  expect(said(changed(own, 'en'))).toBeNull()
})
