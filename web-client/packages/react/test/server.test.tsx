import { act, cleanup, screen } from '@testing-library/react'
import { hydrateRoot, type Root } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CrisisBanner, type Initial, NoticeCentre, TocsinProvider } from '../src/index.js'
import { es } from '../src/texts-es.js'
import { cards, clientWith, type HandClient, shownOf, spanish } from './fixtures.js'

const headline = spanish.headline as string
const unknown = {
  ready: false,
  freshness: { state: 'connecting', since: null } as const,
}
const initial: Initial = JSON.parse(
  JSON.stringify({
    seed: '{}',
    notices: [shownOf(), shownOf({ id: 'n2', phase: 'withdrawn' })],
    contacts: cards,
    keysetExpired: false,
    since: '2026-03-02T14:05:00.000Z',
    languages: ['es-MX'],
    texts: es,
  }),
)

let root: Root | undefined
let complaints: unknown[]

beforeEach(() => {
  complaints = []
  vi.spyOn(console, 'error').mockImplementation((...args) => void complaints.push(args))
})

afterEach(() => {
  act(() => root?.unmount())
  cleanup()
  document.body.replaceChildren()
  sessionStorage.clear()
  vi.restoreAllMocks()
})

const page = (client: HandClient, given: Initial | null = initial) => (
  <TocsinProvider client={client} initial={given}>
    <CrisisBanner />
    <NoticeCentre />
  </TocsinProvider>
)

/** The server's HTML, then the browser's first rendering over it. */
function arrive(client: HandClient, given?: Initial | null): HTMLElement {
  const box = document.createElement('div')
  document.body.append(box)
  box.innerHTML = renderToString(page(clientWith(unknown), given))
  act(() => {
    root = hydrateRoot(box, page(client, given), {
      onRecoverableError: (error) => complaints.push(error),
    })
  })
  return box
}

describe('server rendering', () => {
  test('shows the verified notices, in the reader’s language, in nobody’s time zone', () => {
    const html = renderToString(page(clientWith(unknown)))
    expect(html).toContain(headline)
    expect(html).toContain('Avisos importantes')
    expect(html).toContain('2026-03-02 14:00 UTC')
    expect(html).not.toContain('style=')
  })

  test('is taken over without a mismatch', () => {
    arrive(clientWith(unknown))
    expect(complaints).toEqual([])
    expect(screen.getAllByText(headline).length).toBeGreaterThan(0)
  })

  test('is taken over where nothing was given', () => {
    const box = arrive(clientWith(unknown), null)
    expect(complaints).toEqual([])
    expect(box.textContent).not.toContain(headline)
  })

  test('is taken over where the reader has folded and marked before', () => {
    sessionStorage.setItem('tocsin.marks', JSON.stringify(['foldedn1/0/active']))
    const box = arrive(clientWith(unknown))
    expect(complaints).toEqual([])
    expect(box.querySelector('[data-folded=true]')).not.toBeNull()
  })

  test('stays until something verified replaces it', () => {
    const client = clientWith(unknown)
    const box = arrive(client)
    act(() => client.set({ freshness: { state: 'stale', since: null, reason: 'offline' } }))
    expect(box.textContent).toContain(headline)
    act(() => client.set({ ready: true, notices: [] }))
    expect(box.textContent).not.toContain(headline)
    act(() => client.set({ ready: false }))
    expect(box.textContent).not.toContain(headline)
  })
})
