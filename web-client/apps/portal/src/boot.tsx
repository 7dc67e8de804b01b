import { Telephone } from '@tocsin/react'
import { type ReactNode, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { builtInContacts, clinicName } from './clinic.js'
import { openLogin } from './login.js'
import { PortalPage } from './portal.js'
import '@tocsin/react/style.css'
import './style/base.css'
import './style/page.css'
import './style/booking.css'
import './style/call.css'
import './style/demo.css'

const retryMs = 3000

/**
 * Shows a page once the pinned roots are there. A real portal has them built in; a demo's
 * are made anew with every data folder, so its server is asked.
 */
export async function boot(surface: 'portal' | 'call', page: ReactNode): Promise<void> {
  const root = createRoot(document.getElementById('root') as HTMLElement)
  const login = openLogin({
    shared: localStorage,
    own: sessionStorage,
    fetch: (url) => fetch(url, { cache: 'no-store' }),
  })
  const roots = await pinnedRoots(() => root.render(<Waiting />))
  root.render(
    <StrictMode>
      <PortalPage login={login} roots={roots} surface={surface}>
        {page}
      </PortalPage>
    </StrictMode>,
  )
}

async function pinnedRoots(failed: () => void): Promise<string> {
  for (;;) {
    try {
      const answer = await fetch('/dev/trust.pem', { cache: 'no-store' })
      if (answer.ok) return await answer.text()
    } catch {
      // The server is away; it is asked again.
    }
    failed()
    await new Promise((done) => setTimeout(done, retryMs))
  }
}

function Waiting(): ReactNode {
  const card = builtInContacts[0]
  return (
    <main className="waiting">
      <h1>{clinicName}</h1>
      <p>The portal can't be reached at the moment. It keeps trying.</p>
      {card && (
        <p>
          If you need help, call {card.name}: <Telephone number={card.telephone ?? ''} />,{' '}
          {card.hours}.
        </p>
      )}
    </main>
  )
}
