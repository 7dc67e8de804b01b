import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { DeskProblem } from '../../src/desk/index.js'
import { problemWords } from '../../src/ui/problemWords.js'

/** What a pattern finds in the Go sources of a folder. */
function inGo(folder: string, pattern: RegExp): string[] {
  const path = resolve(import.meta.dirname, '../../../../..', folder)
  const files = readdirSync(path).filter((name) => /(?<!_test)\.go$/.test(name))
  const text = files.map((name) => readFileSync(resolve(path, name), 'utf8')).join('\n')
  return [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))]
}

const ofTheDesk = inGo('desk', /newProblem\("([^"]+)"/g)
const ofTheConsole = ['network', 'no-key', 'http']
const admission = ['notice', 'desk'].flatMap((folder) => inGo(folder, /"(admission\.[a-zA-Z]+)"/g))
const overtaken = inGo('desk', /supersededRules = \[\]string\{([^}]+)\}/g).flatMap((list) =>
  list.split(',').map((rule) => rule.trim().replaceAll('"', '')),
)

test('the desk’s problems and rules are found', () => {
  expect(ofTheDesk).toContain('withdrawn')
  expect(admission).toContain('admission.text')
  expect(overtaken).toContain('superseded')
})

test.each([...ofTheDesk.filter((name) => name !== 'rule'), ...ofTheConsole])(
  '%s is put in words, with what to do',
  (name) => {
    const words = problemWords(new DeskProblem(name, 'A title', { detail: 'the desk’s words' }))
    expect(words.title).not.toBe('A title')
    expect(words.todo.length).toBeGreaterThan(10)
    expect(words.detail).toBe('the desk’s words')
  },
)

const told = (rule: string) =>
  problemWords(new DeskProblem('rule', 'A rule', { rule, detail: 'why' }))

// Whoever approves reads of a proposal that is overtaken nothing but what to do.
test.each([...admission, ...overtaken])('%s says what to do', (rule) => {
  expect(told(rule).todo).not.toBe(told('unknown').todo)
})

test('a rule says what to change, and is named', () => {
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
