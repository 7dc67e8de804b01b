import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import styles from './app.module.css'
import { TrustNote } from './documents/TrustNote.js'
import { draftsKept } from './keys/drafts.js'
import { useIdle } from './login/idle.js'
import { LoginGate } from './login/LoginGate.js'
import { signOut, useSession } from './login/session.js'
import { pages } from './pages.js'
import { type Place, usePlace } from './router.js'
import { Safe } from './Safe.js'
import { Outbox } from './sending/Outbox.js'
import { count } from './ui/count.js'
import { ButtonLink, Page } from './ui/index.js'

const menuItems = [
  ['/', 'Board'],
  ['/new', 'Send a notice'],
  ['/connected', 'Connected'],
  ['/contacts', 'Contact cards'],
  ['/cohorts', 'Cohorts'],
  ['/staff', 'People and keys'],
  ['/posture', 'Posture'],
] as const

/** The frame around every page: whose key it is, where one is, and the page. */
export function App() {
  const place = usePlace()
  const { state } = useSession()
  const inside = state === 'in'
  const left = useIdle(state !== 'out')
  const queries = useQueryClient()
  useEffect(() => {
    // What one person was shown is not the next one's.
    if (state === 'out') queries.clear()
  }, [state, queries])
  const main = useRef<HTMLElement>(null)
  const [menu, setMenu] = useState(false)
  const first = useRef(true)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another place moves the focus
  useEffect(() => {
    if (first.current) {
      first.current = false
      return
    }
    setMenu(false)
    scrollTo(0, 0)
    main.current?.focus({ preventScroll: true })
  }, [place.path])
  return (
    <div className={styles.shell}>
      <button type="button" className={styles.skip} onClick={() => main.current?.focus()}>
        Skip to the page
      </button>
      <Top menu={menu} onMenu={() => setMenu(!menu)} />
      <div className={styles.below}>
        <nav className={styles.nav} aria-label="Pages" data-open={menu} id="pages">
          <ul>
            {menuItems.map(([path, name]) => (
              <li key={path}>
                <a href={`#${path}`} aria-current={path === place.path ? 'page' : undefined}>
                  {name}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <main ref={main} id="main" className={styles.main} tabIndex={-1}>
          <Outbox shown={inside} />
          {inside && <TrustNote />}
          <Safe key={place.path}>
            <PageAt place={place} />
          </Safe>
        </main>
        {left !== null && <Idle left={left} />}
      </div>
    </div>
  )
}

/** Moving the pointer is enough to stay. */
function Idle({ left }: { readonly left: number }) {
  return (
    <div role="alert" className={styles.idle}>
      <strong>Nobody has touched this page for long.</strong> You will be signed out within{' '}
      {count(Math.ceil(left / 60_000), 'minute')}. Move the pointer or press a key to stay.{' '}
      {draftsKept}.
    </div>
  )
}

function Top({ menu, onMenu }: { readonly menu: boolean; readonly onMenu: () => void }) {
  const session = useSession()
  return (
    <header className={styles.top}>
      <a className={styles.brand} href="#/">
        <img src="/icon.svg" width="28" height="28" alt="" />
        <span>
          Tocsin <span className={styles.place}>{location.hostname}</span>
        </span>
      </a>
      <div className={styles.who}>
        {session.state === 'in' && (
          <>
            <a className={styles.owner} href="#/key">
              <span>{session.owner}</span>
            </a>
            <button type="button" onClick={signOut}>
              Sign out
            </button>
          </>
        )}
        <button
          type="button"
          className={styles.menu}
          aria-expanded={menu}
          aria-controls="pages"
          onClick={onMenu}
        >
          Menu
        </button>
      </div>
    </header>
  )
}

function PageAt({ place }: { readonly place: Place }) {
  const { route } = place
  if (!route) {
    return (
      <Page title="There is no such page" intro="The link may be incomplete.">
        <p>
          <ButtonLink href="#/">To the board</ButtonLink>
        </p>
      </Page>
    )
  }
  const Shown = pages[route]
  const page = <Shown id={place.id} query={place.query} key={place.path} />
  // Whoever has no key yet opens an invitation.
  return route === '/invite' ? page : <LoginGate>{page}</LoginGate>
}
