import { useTocsin } from '@tocsin/react'
import type { ReactNode } from 'react'
import { clinicName } from './clinic.js'
import { isSpoken, spoken } from './language.js'
import { useLogin, usePortal } from './portal-context.js'

interface HeaderProps {
  readonly page: 'portal' | 'call'
}

export function Header({ page }: HeaderProps): ReactNode {
  const { t } = usePortal()
  return (
    <header className="head">
      <div className="head-inner">
        <a className="brand" href="/">
          <Logo />
          <span lang="en" dir="ltr">
            {clinicName}
          </span>
        </a>
        <nav className="menu" aria-label={t.mainMenu}>
          <a href="/" aria-current={page === 'portal' ? 'page' : undefined}>
            {t.home}
          </a>
          <a href="/call" aria-current={page === 'call' ? 'page' : undefined}>
            {t.videoVisit}
          </a>
        </nav>
        <div className="head-side">
          <LanguageSwitch />
          <Account />
        </div>
      </div>
    </header>
  )
}

function LanguageSwitch(): ReactNode {
  const { t, language, choose } = usePortal()
  return (
    <label className="language">
      <span className="unseen">{t.language}</span>
      <select value={language} onChange={(e) => isSpoken(e.target.value) && choose(e.target.value)}>
        {Object.entries(spoken).map(([tag, name]) => (
          <option key={tag} value={tag} lang={tag}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}

function Account(): ReactNode {
  const { t, login } = usePortal()
  const client = useTocsin()
  const { patient } = useLogin(login)
  if (!patient) return null
  const signOut = () => {
    void client.signOut()
    login.signOut()
  }
  const [before, after] = t.signedInAs.split('{name}')
  return (
    <div className="account">
      <span className="account-name">
        <span className="unseen">{before}</span>
        <bdi>{patient.name}</bdi>
        <span className="unseen">{after}</span>
      </span>
      <button type="button" className="button" onClick={signOut}>
        {t.signOut}
      </button>
    </div>
  )
}

export function Logo(): ReactNode {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path className="logo-mast" d="M16 6v9h-5a5 5 0 0 0 10 0h-5" />
      <path
        className="logo-wave"
        d="M5 23c2.8 0 2.8 2.4 5.5 2.400S13.3 23 16 23s2.8 2.4 5.5 2.400S24.2 23 27 23"
      />
    </svg>
  )
}
