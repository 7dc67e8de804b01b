import type { Notice } from '@tocsin/client'
import { expect, test } from 'vitest'
import { reasonFor, reasons } from '../../src/notice/reasons.js'

const [over = { en: '' }] = reasons
const inLanguages = (...languages: (string | undefined)[]) =>
  ({ info: languages.map((language) => ({ ...(language && { language }) })) }) as unknown as Notice

test.each([
  [['de', 'en-US', 'ar'], 'Es ist vorbei.\nIt is over.\nانتهى الأمر.'],
  [['es-MX', 'es-ES'], 'Ya ha terminado.'],
  [['fr', 'es'], 'It is over.\nYa ha terminado.'],
  [['es', 'fr', 'it'], 'Ya ha terminado.\nIt is over.'],
  [['fr'], 'It is over.'],
  [[undefined], 'It is over.'],
])('a usual reason is said in the languages of the notice: %s', (languages, said) => {
  expect(reasonFor(over, inLanguages(...languages))).toBe(said)
})

test('each is there in every language of the templates', () => {
  for (const reason of reasons) expect(Object.keys(reason)).toEqual(['en', 'es', 'ar', 'de'])
})
