import { act, render, renderHook } from '@testing-library/react'
import type { ReactNode } from 'react'
import { expect, test } from 'vitest'
import { newClinic } from '../../client/test/kit/clinic.js'
import {
  type TocsinClient,
  TocsinProvider,
  useContacts,
  useDirective,
  useFreshness,
  useNotices,
  useTocsin,
} from '../src/index.js'
import { cards, clientWith, english, type HandClient, shownOf, stale } from './fixtures.js'
import './render.js'

const around =
  (client: HandClient) =>
  ({ children }: { children: ReactNode }) => (
    <TocsinProvider client={client}>{children}</TocsinProvider>
  )

test('starts, stops and starts again under StrictMode, and stops at the end', () => {
  const client = clientWith()
  const { unmount } = renderHook(useNotices, { wrapper: around(client), reactStrictMode: true })
  expect(client.log).toEqual(['start', 'stop', 'start'])
  unmount()
  expect(client.log).toEqual(['start', 'stop', 'start', 'stop'])
})

test('nothing of a rendering that is the same starts it again', () => {
  const client = clientWith()
  const { rerender } = renderHook(useNotices, { wrapper: around(client) })
  rerender()
  expect(client.log).toEqual(['start'])
})

test('another login is told to the client, a sign-out and what was there at first are not', () => {
  const client = clientWith()
  const page = (signedIn: string | null) => (
    <TocsinProvider client={client} signedIn={signedIn} announce={false} />
  )
  const { rerender } = render(page('maya 1'))
  expect(client.log).toEqual(['start'])
  for (const signedIn of ['maya 1', null, 'maya 2', 'maya 2', 'maya 2 in call 7'])
    rerender(page(signedIn))
  expect(client.log).toEqual(['start', 'tokensChanged', 'tokensChanged'])
})

function Note({ used }: { used: Set<TocsinClient> }) {
  used.add(useTocsin())
  return null
}

test('another snapshot, as a server may give for each page, does not start it again', async () => {
  const { roots } = await newClinic()
  const used = new Set<TocsinClient>()
  const page = (serverTime: string) => (
    <TocsinProvider url="http://127.0.0.1:9" roots={roots} seed={seed(serverTime)}>
      <Note used={used} />
    </TocsinProvider>
  )
  const seed = (serverTime: string) => JSON.stringify({ serverTime, entries: [] })
  const { rerender } = render(page('2026-11-22T10:00:00Z'))
  rerender(page('2026-11-22T10:01:00Z'))
  expect(used.size).toBe(1)
})

test('hooks follow the state', () => {
  const client = clientWith()
  const { result } = renderHook(
    () => ({ notices: useNotices(), freshness: useFreshness(), contacts: useContacts() }),
    { wrapper: around(client) },
  )
  expect(result.current.notices).toEqual([])
  const notices = [shownOf()]
  act(() => client.set({ notices, freshness: stale, contacts: cards }))
  expect(result.current).toEqual({ notices, freshness: stale, contacts: cards })
})

test('only an active, actual notice stops something', () => {
  const infos = [{ ...english, parameter: [{ valueName: 'directive', value: 'pause-booking' }] }]
  const client = clientWith({ notices: [shownOf({ infos })] })
  const { result } = renderHook(() => useDirective('pause-booking'), { wrapper: around(client) })
  const isOnFor = (wanted: Parameters<typeof shownOf>[0]) => {
    act(() => client.set({ notices: [shownOf({ infos, ...wanted })] }))
    return result.current.on
  }
  expect(result.current.on).toBe(true)
  expect(isOnFor({ status: 'Exercise' })).toBe(false)
  expect(isOnFor({ status: 'Test' })).toBe(false)
  expect(isOnFor({ phase: 'withdrawn' })).toBe(false)
  expect(isOnFor({ infos: [english] })).toBe(false)
  expect(isOnFor({})).toBe(true)
})

test('a hook outside of a provider says so', () => {
  expect(() => renderHook(useNotices)).toThrow('no TocsinProvider')
})
