import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  type BookingFields,
  blank,
  dayOf,
  dropDraft,
  loadDraft,
  missingOf,
  saveDraft,
} from '../src/home/booking-form.js'

const today = '2026-03-02'
const whole: BookingFields = {
  ...blank,
  cause: 'checkUp',
  date: today,
  telephone: '+1 (555) 010-0142',
}

beforeEach(() => sessionStorage.clear())

describe('what is missing', () => {
  it.each<[Partial<BookingFields>, string[]]>([
    [{}, []],
    [{ cause: '' }, ['cause']],
    [{ date: '' }, ['date']],
    [{ date: '2026-03-01' }, ['date']],
    [{ date: '2026-3-9' }, ['date']],
    [{ telephone: '555' }, ['telephone']],
    [{ cause: '', date: '', telephone: '' }, ['cause', 'date', 'telephone']],
  ])('%o: %o', (change, missing) => {
    expect(missingOf({ ...whole, ...change }, today)).toEqual(missing)
  })
})

it('writes a day in the reader’s own time zone', () => {
  expect(dayOf(new Date(2026, 2, 2, 0, 5))).toBe('2026-03-02')
  expect(dayOf(new Date(2026, 10, 30, 23, 55))).toBe('2026-11-30')
})

describe('the draft', () => {
  it('comes back as it was, whatever was typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), fc.boolean(), (...typed) => {
        const [about, telephone, interpreter] = typed
        const fields = { ...whole, about, telephone, interpreter }
        saveDraft(sessionStorage, fields)
        expect(loadDraft(sessionStorage)).toEqual(fields)
      }),
    )
  })

  it('is blank after it was sent', () => {
    saveDraft(sessionStorage, whole)
    dropDraft(sessionStorage)
    expect(loadDraft(sessionStorage)).toEqual(blank)
  })

  it.each(['{', 'null', '[]', '"x"', '{"about":7,"interpreter":"yes","other":"x"}'])(
    'is blank where something else is kept: %s',
    (kept) => {
      saveDraft(sessionStorage, whole)
      sessionStorage.setItem(sessionStorage.key(0) ?? '', kept)
      expect(loadDraft(sessionStorage)).toEqual(blank)
    },
  )
})
