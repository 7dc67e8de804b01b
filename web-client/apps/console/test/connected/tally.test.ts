import { expect, test } from 'vitest'
import {
  ageMs,
  labelGroups,
  surfaceBars,
  tierBars,
  withoutSurface,
} from '../../src/connected/tally.js'

const audience = {
  updated: '2026-03-10T12:00:00.000Z',
  nodes: 2,
  sessions: 7,
  byTier: { public: 4, private: 3 },
  bySurface: { call: 2, portal: 5 },
  byLabel: {
    'tenant:north': 3,
    'tenant:south': 3,
    'surface:portal': 5,
    'lang:en': 6,
    'group:staff': 1,
  },
}

test('tiers stand in their order, the empty one among them', () => {
  expect(tierBars(audience).map((bar) => [bar.name, bar.sessions, bar.share])).toEqual([
    ['public', 4, 1],
    ['restricted', 0, 0],
    ['private', 3, 0.75],
  ])
})

test('surfaces: the most used first', () => {
  expect(surfaceBars(audience).map((bar) => bar.name)).toEqual(['portal', 'call'])
})

test('who names no surface is counted', () => {
  expect(withoutSurface(audience)).toBe(0)
  expect(withoutSurface({ ...audience, bySurface: { portal: 5 } })).toBe(2)
})

test('of more surfaces than the desk names, nobody is said to name none', () => {
  const surfaces = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [i, 1]))
  expect(withoutSurface({ ...audience, sessions: 150, bySurface: surfaces(99) })).toBe(51)
  expect(withoutSurface({ ...audience, sessions: 150, bySurface: surfaces(100) })).toBe(0)
})

test('labels by kind; surfaces only once', () => {
  expect(labelGroups(audience).map(({ kind, bars }) => [kind, ...bars.map((b) => b.name)])).toEqual(
    [
      ['group', 'staff'],
      ['lang', 'en'],
      ['tenant', 'north', 'south'],
    ],
  )
})

test('nobody connected is no division by nothing', () => {
  const nobody = { ...audience, byTier: {}, bySurface: {}, byLabel: {} }
  expect(tierBars(nobody).every((bar) => bar.share === 0)).toBe(true)
  expect(labelGroups(nobody)).toEqual([])
})

test('numbers from a clock that is ahead are new, not of the future', () => {
  const at = Date.parse(audience.updated)
  expect(ageMs(audience, at + 4000)).toBe(4000)
  expect(ageMs(audience, at - 4000)).toBe(0)
})
