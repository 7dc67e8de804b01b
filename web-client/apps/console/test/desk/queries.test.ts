// @vitest-environment happy-dom
import { QueryObserver, type QueryObserverOptions } from '@tanstack/react-query'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { DeskProblem } from '../../src/desk/problem.js'
import { isUnanswered, newQueries, untilAnswered } from '../../src/desk/queries.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

/** Asks a desk, which fails until it has no error any more; tells how often it was asked. */
function ask(error: Error, options: Partial<QueryObserverOptions> = {}) {
  const queries = newQueries()
  queries.mount()
  const desk: { asked: number; error: Error | null } = { asked: 0, error }
  const observer = new QueryObserver(queries, {
    queryKey: ['issuers'],
    queryFn: async () => {
      desk.asked++
      if (desk.error) throw desk.error
      return 'an answer'
    },
    ...options,
  })
  observer.subscribe(() => {})
  return { desk, held: () => observer.getCurrentResult() }
}

test('a network that comes back: what has failed is asked for at once', async () => {
  const { desk, held } = ask(new DeskProblem('network', 'There was no answer'))
  await pass(2000)
  expect(held().isError).toBe(true)
  desk.error = null
  dispatchEvent(new Event('offline'))
  dispatchEvent(new Event('online'))
  await pass(1)
  expect(held().data).toBe('an answer')
})

test('what is asked for once is asked for until there is an answer; meanwhile that is said', async () => {
  const lost = new DeskProblem('network', 'There was no answer')
  const { desk, held } = ask(lost, { refetchInterval: untilAnswered, staleTime: 60_000 })
  expect(isUnanswered(held())).toBe(false) // nobody knows yet
  await pass(2000)
  expect([desk.asked, isUnanswered(held())]).toEqual([2, true])
  await pass(4500)
  expect([desk.asked, held().isError, isUnanswered(held())]).toEqual([3, false, true])
  desk.error = null
  await pass(1000)
  expect([held().data, isUnanswered(held())]).toEqual(['an answer', false])
  await pass(60_000)
  expect(desk.asked).toBe(4)
})

test('what the desk refuses is not asked for again, and again', async () => {
  const refused = new DeskProblem('not-found', 'There is none', { status: 404 })
  const { desk, held } = ask(refused, { refetchInterval: untilAnswered })
  await pass(60_000)
  expect([desk.asked, isUnanswered(held())]).toEqual([1, true])
})
