import type { Notice } from '@tocsin/client'
import { expect, test } from 'vitest'
import { parametersOf } from '../../src/approve/parameters.js'

const notice = (...blocks: [language: string, ...parameters: [string, string][]][]) =>
  ({
    info: blocks.map(([language, ...parameters]) => ({
      language,
      parameter: parameters.map(([valueName, value]) => ({ valueName, value })),
    })),
  }) as unknown as Notice

test('what only the second language asks for is found, and where', () => {
  const pause = ['directive', 'pause-booking'] as [string, string]
  expect(parametersOf(notice(['en-US'], ['es', pause]))).toEqual([
    { name: 'directive', value: 'pause-booking', languages: ['es'] },
  ])
})

test('a harmless directive hides no other, and neither hides a name that is not known', () => {
  const found = parametersOf(
    notice(['en', ['directive', 'harmless'], ['directive', 'pause-booking'], ['x', 'y']]),
  )
  expect(found.map(({ value }) => value)).toEqual(['harmless', 'pause-booking', 'y'])
})

test('what all blocks say is said once; next updates that differ are told apart', () => {
  const at = (hour: number) => `2026-11-22T1${hour}:00:00+00:00`
  const found = parametersOf(
    notice(
      ['en', ['nextUpdateBy', at(0)], ['directive', 'a']],
      ['es', ['nextUpdateBy', at(1)], ['directive', 'a']],
    ),
  )
  expect(found).toEqual([
    { name: 'nextUpdateBy', value: at(0), languages: ['en'] },
    { name: 'directive', value: 'a', languages: [] },
    { name: 'nextUpdateBy', value: at(1), languages: ['es'] },
  ])
})
