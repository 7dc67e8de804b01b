import { CrisisBanner, TocsinProvider, useTocsin } from '@tocsin/react'
import { Fragment, type ReactNode, useEffect, useMemo, useState } from 'react'
import { builtInContacts, clinicName } from './clinic.js'
import { DemoPanel } from './demo/panel.js'
import { Header } from './header.js'
import {
  chooseLanguage,
  chosenLanguage,
  directionOf,
  type Language,
  pageLanguage,
  readersLanguages,
} from './language.js'
import type { Login } from './login.js'
import { PortalContext, useLogin, usePortal } from './portal-context.js'
import { SignIn } from './sign-in.js'
import { texts } from './texts/index.js'

// Tokens live for an hour; Tocsin asks for another one before.
const renewalMs = 50 * 60_000

interface PortalPageProps {
  readonly login: Login
  readonly roots: string
  readonly surface: 'portal' | 'call'
  readonly children: ReactNode
}

/** Everything around a page: notices, header, sign-in, language, and the demo's switches. */
export function PortalPage({ login, roots, surface, children }: PortalPageProps): ReactNode {
  const { id, patient, visit, ended } = useLogin(login)
  const [chosen, setChosen] = useState(() => chosenLanguage(sessionStorage))
  const [knownId, setKnownId] = useState(id)
  if (knownId !== id) {
    setKnownId(id)
    setChosen(chosenLanguage(sessionStorage))
  }
  const languages = useMemo(() => readersLanguages(chosen, navigator.languages), [chosen])
  const language = pageLanguage(languages)
  const t = texts[language]

  useEffect(() => {
    document.documentElement.lang = language
    document.documentElement.dir = directionOf(language)
    document.title = `${surface === 'call' ? t.videoVisit : t.portal} · ${clinicName}`
  }, [language, surface, t])

  const portal = useMemo(() => {
    const choose = (wanted: Language) => {
      chooseLanguage(sessionStorage, wanted)
      setChosen(wanted)
    }
    return { login, language, languages, choose, t }
  }, [login, language, languages, t])

  return (
    <PortalContext value={portal}>
      <TocsinProvider
        roots={roots}
        surface={surface}
        languages={languages}
        getToken={login.getToken}
        signedIn={id && [id, visit, ended].join(' ')}
        builtInContacts={builtInContacts}
      >
        <FollowLogin />
        <a className="skip" href="#content">
          {t.skip}
        </a>
        {!visit && <CrisisBanner />}
        <Header page={surface} />
        <main id="content" tabIndex={-1}>
          {patient ? <Fragment key={id}>{children}</Fragment> : <SignIn page={surface} />}
        </main>
        <footer className="foot">
          <p>{t.foot}</p>
        </footer>
        <DemoPanel surface={surface} />
      </TocsinProvider>
    </PortalContext>
  )
}

/** Has Tocsin ask for another token in time, and the login look at what other tabs did. */
function FollowLogin(): ReactNode {
  const { login } = usePortal()
  const client = useTocsin()

  useEffect(() => {
    // Afterwards: Tocsin hears of the same sign-out, and tokens are to come after that.
    const look = () => void setTimeout(login.lookAgain)
    const renewal = setInterval(() => login.getState().id && client.tokensChanged(), renewalMs)
    addEventListener('storage', look)
    addEventListener('pageshow', look)
    document.addEventListener('visibilitychange', look)
    return () => {
      clearInterval(renewal)
      removeEventListener('storage', look)
      removeEventListener('pageshow', look)
      document.removeEventListener('visibilitychange', look)
    }
  }, [client, login])
  return null
}
