import { localeOf } from '@tocsin/react'
import type { ReactNode } from 'react'
import type { Appointment, Cause, Way } from '../clinic.js'
import { usePortal } from '../portal-context.js'
import { fill } from '../texts/index.js'

/** An appointment that was asked for and has no time yet. */
export interface Requested {
  readonly id: string
  /** The day that suits, at noon. */
  readonly at: Date
  readonly cause: Cause
  readonly way: Way
  readonly clinician?: undefined
  readonly visit?: undefined
}

interface AppointmentsProps {
  readonly appointments: readonly Appointment[]
  readonly requested: readonly Requested[]
}

export function Appointments({ appointments, requested }: AppointmentsProps): ReactNode {
  const { t } = usePortal()
  const all = [...appointments, ...requested].sort((a, b) => a.at.getTime() - b.at.getTime())
  return (
    <section className="card" aria-labelledby="appointments">
      <h2 id="appointments">{t.appointments}</h2>
      <ul className="appointments">
        {all.map((a) => (
          <li key={a.id} className="appointment">
            <DayTile day={a.at} />
            <div className="appointment-what">
              <strong>{t.cause[a.cause]}</strong>
              <span>
                {a.clinician ? <When appointment={a} /> : `${t.way[a.way]} · ${t.requested}`}
              </span>
            </div>
            {a.visit && (
              <a className="button button-main" href="/call">
                {t.join}
              </a>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

function When({ appointment }: { appointment: Appointment }): ReactNode {
  const { t, language, languages } = usePortal()
  const { at, way, clinician } = appointment
  const locale = localeOf(languages, language)
  const time = at.toLocaleTimeString(locale, { hour: 'numeric', minute: '2-digit' })
  return `${time} · ${t.way[way]} · ${fill(t.with, clinician)}`
}

function DayTile({ day }: { day: Date }): ReactNode {
  const { language } = usePortal()
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
