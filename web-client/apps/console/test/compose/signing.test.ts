import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { duration } from '../../src/compose/duration.js'
import { uuidv7 } from '../../src/compose/uuid.js'
import { confirmationFor, isConfirmed } from '../../src/sending/confirmation.js'

describe('the typed confirmation', () => {
  test('is the word and the size of the audience', () => {
    expect(confirmationFor('Actual', 1240)).toBe('ACTUAL 1240')
    expect(confirmationFor('Actual', null)).toBe('ACTUAL')
    expect(confirmationFor('Exercise', 1240)).toBeNull()
  })

  test.each([
    '',
    'ACTUAL',
    'actual 1240',
    'ACTUAL 124',
    'ACTUAL 1241',
    'ACTUAL1240',
    'EXERCISE 1240',
  ])('%o does not confirm', (typed) => expect(isConfirmed(typed, 'ACTUAL 1240')).toBe(false))

  test('spaces do not matter; an exercise needs nothing', () => {
    expect(isConfirmed('  ACTUAL   1240 ', 'ACTUAL 1240')).toBe(true)
    expect(isConfirmed('', null)).toBe(true)
  })
})

test('a UUIDv7 has the form that the desk admits, and its time in front', () => {
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (ms) => {
      const id = uuidv7(new Date(ms))
      expect(id).toMatch(form)
      expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(ms)
    }),
  )
  expect(uuidv7(new Date(0))).not.toBe(uuidv7(new Date(0)))
})

test('spans in words', () => {
  expect([15, 60, 120, 1440, 4320, 20160].map(duration)).toEqual([
    '15 minutes',
    '60 minutes',
    '2 hours',
    '24 hours',
    '3 days',
    '14 days',
  ])
})
