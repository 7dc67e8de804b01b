import { act } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CrisisBanner } from '../src/index.js'
import { arabic, clientWith, english, shownOf, stale } from './fixtures.js'
import { show } from './render.js'

/** What a screen reader would have said, with its urgency. */
let heard: string[]
let observer: MutationObserver

beforeEach(() => {
  vi.useFakeTimers()
  heard = []
  observer = new MutationObserver((records) => {
    for (const { target, addedNodes } of records)
      for (const node of addedNodes)
        if (target instanceof Element && target.matches('[role=alert], [role=status]'))
          heard.push(`${target.getAttribute('role')}: ${node.textContent?.trim()}`)
  })
  observer.observe(document, { childList: true, subtree: true })
})

afterEach(() => {
  observer.disconnect()
  vi.useRealTimers()
})

const settle = (ms = 100) => act(() => vi.advanceTimersByTimeAsync(ms))
const headline = english.headline as string

describe('Announcer', () => {
  test('is empty at first, and says what is there a moment later', async () => {
    show(clientWith({ notices: [shownOf()] }), <CrisisBanner />)
    const regions = [...document.querySelectorAll('[role=alert], [role=status]')]
    expect(regions.map((r) => r.textContent)).toEqual(['', ''])
    await settle()
    expect(heard).toHaveLength(1)
    expect(heard[0]).toMatch(/^alert: Extreme\. +Appointments.*If you need care today/)
  })

  test('leaves nothing of a notice that a sign-out took, said or about to be', async () => {
    const client = clientWith({ notices: [shownOf()] })
    show(client, null)
    await settle()
    expect(document.body.textContent).toContain(headline)
    act(() => client.set({ notices: [] }))
    expect(document.body.textContent).not.toContain(headline)
    act(() => client.set({ notices: [shownOf({ revision: 1 })] }))
    act(() => client.set({ notices: [] }))
    await settle()
    expect(document.body.textContent).not.toContain(headline)
    expect(heard).toHaveLength(1)
  })

  test('says one thing for each change, and nothing for a reconnect', async () => {
    const client = clientWith({ notices: [shownOf()] })
    show(client, <CrisisBanner />)
    await settle()
    act(() => client.set({ freshness: stale }))
    await settle(60_000)
    act(() => client.set({ freshness: { state: 'live', since: new Date() } }))
    act(() => client.set({ notices: [shownOf()] }))
    await settle(60_000)
    expect(heard).toHaveLength(1)

    act(() => client.set({ notices: [shownOf({ revision: 1 })] }))
    await settle()
    act(() => client.set({ notices: [shownOf({ revision: 1, phase: 'withdrawn' })] }))
    await settle()
    expect(heard.slice(1)).toEqual([
      expect.stringContaining('alert: Extreme. Changed.'),
      expect.stringContaining('status: Withdrawn.'),
    ])
    expect(heard[2]).toContain('The record system works again.')
  })

  test('does not say it again on the next page of the same tab', async () => {
    const client = clientWith({ notices: [shownOf()] })
    const first = show(client, <CrisisBanner />)
    await settle()
    first.unmount()
    show(client, <CrisisBanner />)
    await settle(60_000)
    expect(heard).toHaveLength(1)
  })

  test('interrupts only for what is grave and real', async () => {
    const notices = [
      shownOf({ id: 'a', severity: 'Severe' }),
      shownOf({ id: 'b', severity: 'Moderate' }),
      shownOf({ id: 'c', status: 'Exercise' }),
    ]
    show(clientWith({ notices }), <CrisisBanner />)
    await settle()
    expect(heard.map((h) => h.split('.')[0])).toEqual([
      'alert: Severe',
      'status: Moderate',
      'status: EXERCISE',
    ])
  })

  test('says every block in its language', async () => {
    show(clientWith({ notices: [shownOf({ infos: [arabic] })] }), <CrisisBanner />)
    await settle()
    const spans = [...document.querySelectorAll<HTMLElement>('[role=alert] span')]
    expect(spans.map((s) => [s.lang, s.dir])).toEqual([
      ['en', 'ltr'],
      ['ar', 'rtl'],
      ['ar', 'rtl'],
    ])
  })

  test('says nothing before anything was verified', async () => {
    const client = clientWith({ ready: false, notices: [shownOf()] })
    show(client, <CrisisBanner />)
    await settle(60_000)
    expect(heard).toEqual([])
    act(() => client.set({ ready: true }))
    await settle()
    expect(heard[0]).toContain(headline)
  })

  test('leaves nothing behind', async () => {
    const { unmount } = show(clientWith({ notices: [shownOf()] }), <CrisisBanner />)
    await settle(20_000)
    expect(document.querySelector('[role=alert]')?.textContent).toBe('')
    unmount()
    expect(document.querySelector('[role=alert]')).toBeNull()
    expect(vi.getTimerCount()).toBe(0)
  })
})
