// @vitest-environment happy-dom
import { QueryClientProvider, type UseQueryOptions } from '@tanstack/react-query'
import { act, cleanup, renderHook } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { DeskProblem } from '../../src/desk/problem.js'
import { newQueries, untilAnswered, useAsked } from '../../src/desk/queries.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  cleanup()
  vi.useRealTimers()
})
const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms))
const lost = new DeskProblem('network', 'There was no answer')

/**
 * A page that asks a desk, which fails until it has no error any more. Tells how often it was
 * asked; `turn` leaves the page for another that asks the same.
 */
function ask(error: Error, options: Partial<UseQueryOptions<string>> = {}) {
  const queries = newQueries()
  const desk: { asked: number; error: Error | null } = { asked: 0, error }
  const open = () =>
    renderHook(
      () =>
        useAsked({
          queryKey: ['issuers'],
          queryFn: async () => {
            desk.asked++
            if (desk.error) throw desk.error
            return 'an answer'
          },
          ...options,
        }),
      {
        wrapper: ({ children }) => (
          <QueryClientProvider client={queries}>{children}</QueryClientProvider>
        ),
      },
    )
  let page = open()
  const turn = () => {
    page.unmount()
    page = open()
  }
  return { desk, turn, held: () => page.result.current }
}

test('a network that comes back: what has failed is asked for at once', async () => {
  const { desk, held } = ask(lost)
  await pass(2000)
  expect(held().error).toBe(lost)
  desk.error = null
  dispatchEvent(new Event('offline'))
  dispatchEvent(new Event('online'))
  await pass(1)
  expect(held().data).toBe('an answer')
})

test('what is asked for once is asked for until there is an answer; meanwhile that is said', async () => {
  const { desk, held } = ask(lost, { refetchInterval: untilAnswered, staleTime: 60_000 })
  expect(held().error).toBe(null) // nobody knows yet
  await pass(2000)
  expect([desk.asked, held().error]).toEqual([2, lost])
  await pass(4500)
  expect([desk.asked, held().error], 'while it is asked again').toEqual([3, lost])
  desk.error = null
  await pass(1000)
  expect(held()).toEqual({ data: 'an answer', error: null })
  await pass(60_000)
  expect(desk.asked).toBe(4)
})

test('what the desk refuses is not asked for again; what it was too busy for is', async () => {
  const refused = new DeskProblem('not-found', 'There is none', { status: 404 })
  const { desk, held } = ask(refused, { refetchInterval: untilAnswered })
  await pass(60_000)
  expect([desk.asked, held().error]).toEqual([1, refused])
  cleanup()
  for (const status of [408, 429]) {
    const busy = new DeskProblem('too-many', 'Too many', { status })
    const { desk, held } = ask(busy, { refetchInterval: untilAnswered, retry: false })
    await pass(6000)
    expect([desk.asked, held().error]).toEqual([2, busy])
    desk.error = null
    await pass(5000)
    expect(held().data).toBe('an answer')
    cleanup()
  }
})

test('the next page says at once that the desk is away; what it refused it is asked again', async () => {
  const { desk, turn, held } = ask(lost, { retry: false })
  await pass(1)
  turn()
  expect(held()).toEqual({ data: undefined, error: lost })
  desk.error = new DeskProblem('not-found', 'There is none', { status: 404 })
  await pass(1)
  turn()
  await pass(1)
  expect(held().error).toBe(desk.error)
  turn()
  expect(held(), 'it may be there by now').toEqual({ data: undefined, error: null })
})
