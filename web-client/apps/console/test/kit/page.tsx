// Parts of the console on a page, with a desk that answers as a test wants, in a time of its own.

import { QueryClientProvider } from '@tanstack/react-query'
import { act, render } from '@testing-library/react'
import type { ReactNode } from 'react'
import { vi } from 'vitest'
import { Desk, DeskProvider, newQueries } from '../../src/desk/index.js'

/** What a desk answers to a path; it throws if it is away. */
export type Answer = (path: string) => Promise<Response>

export const away: Answer = async () => {
  throw new TypeError('fetch failed')
}

/** What a desk answers that has nothing there. */
export const notFound = () =>
  Response.json(
    { type: 'urn:tocsin:problem:not-found', title: 'There is none' },
    { status: 404, headers: { 'Content-Type': 'application/problem+json' } },
  )

/** Shows it to somebody who has a key. The desk takes its time, so that one sees it asked. */
export function show(shown: ReactNode, answer: Answer) {
  const origin = 'https://desk.example'
  const fetch = async (url: RequestInfo | URL) => {
    await new Promise((pass) => setTimeout(pass, 700))
    return answer(String(url).slice(origin.length))
  }
  const desk = new Desk({ origin, fetch })
  desk.setKey(async (payloadType) => ({ payloadType, payload: '', signatures: [] }))
  render(
    <QueryClientProvider client={newQueries()}>
      <DeskProvider desk={desk}>{shown}</DeskProvider>
    </QueryClientProvider>,
  )
}

const expires = '2200-01-01T00:00:00Z'
const logins: Readonly<Record<string, unknown>> = {
  '/v1/challenge': { nonce: '', serverTime: '2030-01-01T00:00:00Z', expires },
  '/v1/session': { token: 'x', expires, owner: 'ana', roles: [] },
}

/** A desk that lets one in, and answers that to all else. */
export const saying =
  (body: unknown): Answer =>
  async (path) =>
    Response.json(logins[path] ?? body)

/** Lets time pass so slowly that React shows all that is to be seen meanwhile. */
export async function pass(ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 500) await act(() => vi.advanceTimersByTimeAsync(500))
}
