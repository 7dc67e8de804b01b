import {
  hashKey,
  QueryCache,
  QueryClient,
  type UseQueryOptions,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { useState } from 'react'
import { isProblem } from './problem.js'

/** How often everything is asked for again, in ms: staff act upon what a colleague did. */
export const askEvery = 5_000

/**
 * Why a query had no answer when it last failed, for a page that opens meanwhile. Not what the desk
 * refused: that may have changed since, as what was not there comes to be.
 */
const outages = new WeakMap<object, Error>()

/**
 * A new memory of what the desk answered. Its answers are asked for again when one comes back to
 * the window. Writes are never repeated by this: a signed envelope is sent again by whoever
 * signed it.
 */
export function newQueries(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      onError(error, query) {
        if (isRefusal(error)) outages.delete(query)
        else outages.set(query, error)
      },
    }),
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

/** What the desk refuses, it refuses again; not what it was too slow (408) or too busy (429) for. */
function isRefusal(error: unknown): boolean {
  if (!isProblem(error) || error.status === 408 || error.status === 429) return false
  return error.status >= 400 && error.status < 500
}

/** Neither: nobody knows yet. Both: what the desk said before it failed to say how it is now. */
export interface Asked<T> {
  readonly data: T | undefined
  readonly error: Error | null
}

/**
 * Asks the desk. Why there is no answer is known until there is one: a query forgets it whenever
 * it asks again, and a page would go to and fro, aloud to whoever hears it.
 */
export function useAsked<T>(question: UseQueryOptions<T>): Asked<T> {
  const { data, error, errorUpdateCount } = useQuery(question)
  const query = useQueryClient().getQueryCache().get(hashKey(question.queryKey))
  const [last, setLast] = useState(error ?? (query && outages.get(query)) ?? null)
  if (error !== null && error !== last) setLast(error)
  const unanswered = data === undefined && errorUpdateCount > 0
  return { data, error: error ?? (unanswered ? last : null) }
}
