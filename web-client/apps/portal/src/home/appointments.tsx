import type { ReactNode } from 'react'
import type { Appointment, Cause, Way } from '../clinic.js'
import { usePortal } from '../portal-context.js'
import { fill } from '../texts/index.js'

/** An appointment that was asked for and has no time yet. */
export interface Requested {
  readonly id: string
  readonly day: Date
  readonly cause: Cause
  readonly way: Way
}

interface AppointmentsProps {
  readonly appointments: readonly Appointment[]
  readonly requested: readonly Requested[]
}

export function Appointments({ appointments, requested }: AppointmentsProps): ReactNode {
  const { t, language } = usePortal()
  return (
    <section className="card" aria-labelledby="appointments">
      <h2 id="appointments">{t.appointments}</h2>
      <ul className="appointments">
        {appointments.map((a) => (
          <li key={a.id} className="appointment">
            <DayTile day={a.at} language={language} />
            <div className="appointment-what">
              <strong>{t.cause[a.cause]}</strong>
              <span>
                {a.at.toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit' })} ·{' '}
                {t.way[a.way]} · {fill(t.with, a.clinician)}
              </span>
            </div>
            {a.visit && (
              <a className="button button-main" href="/call">
                {t.join}
              </a>
            )}
          </li>
        ))}
        {requested.map((r) => (
          <li key={r.id} className="appointment">
            <DayTile day={r.day} language={language} />
            <div className="appointment-what">
              <strong>{t.cause[r.cause]}</strong>
              <span>
                {t.way[r.way]} · {t.requested}
              </span>
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}

function DayTile({ day, language }: { day: Date; language: string }): ReactNode {
  const part = (format: Intl.DateTimeFormatOptions) => day.toLocaleDateString(language, format)
  return (
    <time className="day" dateTime={day.toISOString().slice(0, 10)}>
      <span className="unseen">{part({ weekday: 'long', day: 'numeric', month: 'long' })}</span>
      <span aria-hidden="true">{part({ month: 'short' })}</span>
      <strong aria-hidden="true">{part({ day: 'numeric' })}</strong>
      <span aria-hidden="true">{part({ weekday: 'short' })}</span>
    </time>
  )
}
