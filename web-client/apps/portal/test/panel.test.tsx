import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { TocsinProvider } from '@tocsin/react'
import { afterEach, expect, it, vi } from 'vitest'
import { DemoPanel } from '../src/demo/panel.js'
import { openLogin } from '../src/login.js'
import { PortalContext } from '../src/portal-context.js'
import { texts } from '../src/texts/index.js'
import { handClient } from './hand-client.js'

afterEach(() => {
  cleanup()
  vi.unstubAllGlobals()
  sessionStorage.clear()
  localStorage.clear()
})

function page() {
  const login = openLogin({ shared: localStorage, own: sessionStorage, fetch })
  const portal = {
    login,
    language: 'en',
    languages: ['en'],
    choose: () => {},
    t: texts.en,
  } as const
  return render(
    <PortalContext value={portal}>
      <TocsinProvider client={handClient().client} announce={false}>
        <DemoPanel surface="portal" />
      </TocsinProvider>
    </PortalContext>,
  )
}

it('forgets the ticket and what is remembered, and is open when the page has loaded again', () => {
  vi.stubGlobal('fetch', async () => Response.json({ state: 'up' }))
  const reload = vi.fn()
  vi.stubGlobal('location', { reload })
  const first = page()
  const panel = document.querySelector('details')
  if (!panel) throw new Error('there is a panel')
  panel.open = true
  fireEvent(panel, new Event('toggle'))
  localStorage.setItem('tocsin', '["",{"ticket":"t","held":[]}]')
  localStorage.setItem('portal:patient', 'pat-1 x')
  fireEvent.click(screen.getByRole('button', { name: 'Forget the ticket' }))
  expect(Object.keys(localStorage)).toEqual(['portal:patient'])
  expect(reload).toHaveBeenCalledOnce()

  first.unmount()
  page()
  expect(screen.getByRole('button', { name: 'Forget the ticket' })).toBeTruthy()
})
