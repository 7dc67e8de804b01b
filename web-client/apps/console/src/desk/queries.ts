import { QueryClient, type UseQueryResult } from '@tanstack/react-query'
import { isProblem } from './problem.js'

/** How often everything is asked for again, in ms: staff act upon what a colleague did. */
export const askEvery = 5_000

/**
 * A new memory of what the desk answered. Its answers are asked for again when one comes back to
 * the window. Writes are never repeated by this: a signed envelope is sent again by whoever
 * signed it.
 */
export function newQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      // Asked also where the browser believes that there is no network: otherwise what was read
      // last would stand there as if it were so, and what was signed leave by itself later.
      queries: { networkMode: 'always', refetchOnReconnect: true, retry, staleTime: 2_000 },
      mutations: { networkMode: 'always', retry: false },
    },
  })
}

/** A second try where the answer was lost. */
function retry(failures: number, error: unknown): boolean {
  return failures < 1 && !isRefusal(error)
}

/** When to ask again for what is asked for once: until there is an answer. */
export function untilAnswered({ state }: { readonly state: { readonly error: Error | null } }) {
  return state.error !== null && !isRefusal(state.error) && askEvery
}

/** What the desk refuses, it refuses again. */
function isRefusal(error: unknown): boolean {
  return isProblem(error) && error.status >= 400 && error.status < 500
}

/** Whether the desk has not answered yet, though asked: `isError` is false while it is asked again. */
export const isUnanswered = ({ data, errorUpdateCount }: UseQueryResult) =>
  data === undefined && errorUpdateCount > 0
