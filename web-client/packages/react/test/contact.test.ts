import { expect, test } from 'vitest'
import { cardFor } from '../src/contact.js'

const card = (language: string, audience: string) => ({ language, audience, name: audience })

test('a card of the audience comes before one for anybody, in the reader’s language', () => {
  const cards = [card('en', 'staff'), card('en', ''), card('es', 'patient'), card('en', 'patient')]
  expect(cardFor(cards, ['en-US'])).toBe(cards[3])
  expect(cardFor(cards, ['es'])).toBe(cards[2])
  expect(cardFor(cards.slice(0, 2), ['es'])).toBe(cards[1])
})

test('patients are never shown a number for staff', () => {
  expect(cardFor([card('en', 'staff')], ['en'])).toBeUndefined()
})
