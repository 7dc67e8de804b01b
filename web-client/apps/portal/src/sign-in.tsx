import { NoticeCentre } from '@tocsin/react'
import { type ReactNode, useEffect, useRef } from 'react'
import { patients } from './clinic.js'
import { Contacts } from './home/contacts.js'
import { useLogin, usePortal } from './portal-context.js'
import { fill } from './texts/index.js'

interface SignInProps {
  readonly page: 'portal' | 'call'
}

export function SignIn({ page }: SignInProps): ReactNode {
  const { t, login } = usePortal()
  const { signedOut } = useLogin(login)
  const title = useRef<HTMLHeadingElement>(null)

  // The button that was pressed to sign out is gone, and the focus with it.
  useEffect(() => {
    if (signedOut) title.current?.focus()
  }, [signedOut])

  return (
    <div className="columns">
      <div className="column">
        <div>
          <h1 ref={title} tabIndex={-1}>
            {page === 'call' ? t.visitSignIn : t.signIn}
          </h1>
          <p className="lead">{signedOut ? t.signedOut : t.signInLead}</p>
        </div>
        <div className="card">
          <p className="hint">{t.signInDemo}</p>
          <ul className="patients">
            {patients.map((patient) => (
              <li key={patient.id}>
                <button type="button" className="patient" onClick={() => login.signIn(patient)}>
                  <span className="initial" aria-hidden="true">
                    {patient.givenName[0]}
                  </span>
                  <span className="patient-name">
                    <strong>{fill(t.continueAs, patient.name)}</strong>
                    <span className="hint">{t.site[patient.site]}</span>
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </div>
      </div>
      <div className="column">
        <div className="card">
          <NoticeCentre />
        </div>
        <Contacts />
      </div>
    </div>
  )
}
