import { localeOf, type TocsinClient, useTocsin, useTocsinState } from '@tocsin/react'
import { type ReactNode, useEffect, useState } from 'react'
import { useLogin, usePortal } from '../portal-context.js'
import { forgetTocsin, type ProviderState, provider } from './provider.js'

interface DemoPanelProps {
  readonly surface: 'portal' | 'call'
}

// One of its buttons loads the page again, which is not to close it.
const openKey = 'demo:open'

/** No patient's portal has this: it breaks things, and says what Tocsin makes of them. */
export function DemoPanel({ surface }: DemoPanelProps): ReactNode {
  const [open, setOpen] = useState(() => sessionStorage.getItem(openKey) !== null)
  const remember = (now: boolean) => {
    setOpen(now)
    if (now) sessionStorage.setItem(openKey, '')
    else sessionStorage.removeItem(openKey)
  }
  return (
    <aside className="demo" aria-label="Demonstration controls" lang="en" dir="ltr">
      <details open={open} onToggle={(e) => remember(e.currentTarget.open)}>
        <summary>
          <span className="demo-tag">DEMO</span> Break things
        </summary>
        {open && (
          <div className="demo-body">
            <p>
              Only in this demonstration. Watch, at the top of the page, what still reaches the
              patient.
            </p>
            <Facts surface={surface} />
            <Switches />
          </div>
        )}
      </details>
    </aside>
  )
}

const tiers = {
  public: 'public: nothing is proven',
  restricted: 'restricted: labels are proven, by login or ticket',
  private: 'private: a login that is valid now',
}

function Facts({ surface }: DemoPanelProps): ReactNode {
  const { login, languages } = usePortal()
  const { tier, auth, freshness, notices, keysetExpired } = useTocsinState()
  const { patient, visit, ended } = useLogin(login)
  const labels = [
    `surface:${surface}`,
    `lang:${languages[0]}`,
    ...(patient ? [`tenant:${patient.site}`] : []),
    ...(visit ? [`session:${visit}`] : []),
  ]
  const login_ = !patient ? 'nobody' : ended ? `${patient.name}, token expired` : patient.name
  const rows: readonly (readonly [string, string])[] = [
    ['Signed in', login_],
    ['Tier', tiers[tier]],
    ['Login state', auth.reason ? `${auth.state}: ${auth.reason}` : auth.state],
    ['Labels asked for', labels.join('  ')],
    ['Connection', freshness.reason ? `${freshness.state}: ${freshness.reason}` : freshness.state],
    ['Last live', freshness.since?.toLocaleTimeString(localeOf(languages, 'en')) ?? 'never'],
    ['Notices held', `${notices.length}${keysetExpired ? ', keyset expired' : ''}`],
  ]
  return (
    <dl className="demo-facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Switches(): ReactNode {
  const { login } = usePortal()
  const client = useTocsin()
  const { patient, ended } = useLogin(login)
  const [stopped, setStopped] = useState<TocsinClient | null>(null)
  const connected = stopped !== client
  const [keys, setKeys] = useState<ProviderState>('unknown')
  useEffect(() => {
    let wanted = true
    void provider().then((state) => wanted && setKeys(state))
    return () => {
      wanted = false
    }
  }, [])
  const switchProvider = () =>
    void provider(keys === 'down' ? 'up' : 'down').then((state) => setKeys(state))
  const forget = () => {
    client.stop()
    forgetTocsin(localStorage)
    location.reload()
  }
  return (
    <ul className="demo-switches">
      <li>
        <button type="button" className="button" aria-disabled={!patient} onClick={expire}>
          {ended ? 'Log in again' : 'Expire my token'}
        </button>
        <span>
          {!patient
            ? 'Sign in first.'
            : ended
              ? 'No token is given out. The ticket speaks for this browser.'
              : 'One more token, good for a second, and none after it.'}
        </span>
      </li>
      <li>
        <button type="button" className="button" onClick={switchProvider}>
          {keys === 'down' ? 'Login provider up' : 'Login provider down'}
        </button>
        <span>
          {keys === 'down'
            ? 'It is down: keys are stale after 3 seconds, and refused after 30.'
            : keys === 'up'
              ? 'It is up. Down, it gives servers no keys to check logins with.'
              : 'The server does not answer.'}
        </span>
      </li>
      <li>
        <button
          type="button"
          className="button"
          onClick={() => {
            if (connected) client.stop()
            else client.start()
            setStopped(connected ? client : null)
          }}
        >
          {connected ? 'Disconnect' : 'Connect'}
        </button>
        <span>{connected ? 'Stops listening to the server.' : 'Notices stay, and grow old.'}</span>
      </li>
      <li>
        <button type="button" className="button" onClick={forget}>
          Forget the ticket
        </button>
        <span>Deletes ticket, cursor and remembered notices, and loads the page again.</span>
      </li>
    </ul>
  )

  function expire(): void {
    if (!patient) return
    if (ended) login.renew()
    else login.end()
  }
}
