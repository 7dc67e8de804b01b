import { NoticeCentre } from '@tocsin/react'
import { type ReactNode, useState } from 'react'
import { appointmentsOf } from '../clinic.js'
import { useLogin, usePortal } from '../portal-context.js'
import { fill } from '../texts/index.js'
import { Appointments, type Requested } from './appointments.js'
import { Booking } from './booking.js'
import { Contacts } from './contacts.js'
import { Messages } from './messages.js'

export function HomePage(): ReactNode {
  const { t, login } = usePortal()
  const { patient } = useLogin(login)
  const [now] = useState(() => new Date())
  const [requested, setRequested] = useState<readonly Requested[]>([])
  if (!patient) return null
  return (
    <>
      <div className="greeting">
        <h1>{fill(t.greeting, patient.givenName)}</h1>
        <p className="lead">{t.greetingLead}</p>
      </div>
      <div className="columns">
        <div className="column">
          <Appointments appointments={appointmentsOf(patient, now)} requested={requested} />
          <Booking onSent={(request) => setRequested([...requested, request])} />
        </div>
        <div className="column">
          <div className="card">
            <NoticeCentre />
          </div>
          <Messages now={now} />
          <Contacts />
        </div>
      </div>
    </>
  )
}
