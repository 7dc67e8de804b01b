import { expect, test } from 'vitest'
import { DeskProblem } from '../../src/desk/index.js'
import { problemWords } from '../../src/ui/problemWords.js'

// docs/desk-api.md, "Problems", and those of the console itself.
const names = [
  'unauthenticated',
  'login-refused',
  'forbidden',
  'not-found',
  'already-published',
  'superseded',
  'conflict',
  'too-many',
  'too-big',
  'misdirected',
  'internal',
  'unavailable',
  'unconfirmed',
  'network',
  'no-key',
  'http',
]

test.each(names)('%s is put in words, with what to do', (name) => {
  const words = problemWords(new DeskProblem(name, 'A title', { detail: 'the desk’s words' }))
  expect(words.title).not.toBe('A title')
  expect(words.todo.length).toBeGreaterThan(10)
  expect(words.detail).toBe('the desk’s words')
})

test('a rule says what to change, and is named', () => {
  const told = (rule: string) =>
    problemWords(new DeskProblem('rule', 'A rule', { rule, detail: 'why' }))
  expect(told('admission.sent')).toMatchObject({ detail: 'admission.sent: why' })
  expect(told('admission.sent').todo).toContain('clock')
  expect(told('expires.after').todo).toContain('end')
  expect(told('info.count').todo).toContain('Change')
})

test('anything else is told, too', () => {
  expect(problemWords(new Error('boom'))).toMatchObject({ detail: 'boom' })
  expect(problemWords('boom')).toMatchObject({ detail: 'boom' })
})

test.each(['__proto__', 'constructor', 'toString', '__proto__.x'])(
  'a name that every object has is no known one: %s',
  (name) => {
    for (const error of [
      { name, title: 'x' },
      { name: 'rule', rule: name },
    ])
      for (const words of Object.values(problemWords(error))) expect(words).toBeTypeOf('string')
  },
)
