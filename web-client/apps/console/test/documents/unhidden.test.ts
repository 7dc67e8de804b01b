import { expect, test } from 'vitest'
import { unhidden } from '../../src/documents/unhidden.js'

test('what moves or hides other letters is told by its number', () => {
  expect(unhidden('Pay at \u202e2410 010 555 1+\u202c now\u200b')).toBe(
    'Pay at <202E>2410 010 555 1+<202C> now<200B>',
  )
  expect(unhidden('{"a":"b\u2067c"}\u0007')).toBe('{"a":"b<2067>c"}<0007>')
})

test('other texts stay as they are, in every script', () => {
  for (const text of ['Zurückgenommen', 'الزيارات المرئية', '五つの単語', '😀'])
    expect(unhidden(text)).toBe(text)
})
