import { SessionEmergencyBanner } from '@tocsin/react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { appointmentsOf } from '../clinic.js'
import { useLogin, usePortal } from '../portal-context.js'
import { fill } from '../texts/index.js'
import { Call } from './call.js'

/** Before, in and after a video visit. */
export function CallPage(): ReactNode {
  const { t, login } = usePortal()
  const { patient, visit } = useLogin(login)
  const [left, setLeft] = useState(false)
  const [now] = useState(() => new Date())
  const title = useRef<HTMLHeadingElement>(null)
  const appointment = patient && appointmentsOf(patient, now).find((a) => a.visit)

  useEffect(() => {
    if (!visit && !left) return
    title.current?.focus()
    if (visit) scrollTo(0, 0) // the notices stand above the title
  }, [visit, left])

  if (!appointment?.visit) return null
  const room = appointment.visit
  const heading = (
    <h1 ref={title} tabIndex={-1} className={visit ? 'call-title' : undefined}>
      {fill(t.visitTitle, appointment.clinician)}
    </h1>
  )
  if (visit)
    return (
      <SessionEmergencyBanner>
        {(frame) => (
          <Call
            frame={frame}
            heading={heading}
            leave={() => {
              login.leaveVisit()
              setLeft(true)
            }}
          />
        )}
      </SessionEmergencyBanner>
    )
  return (
    <div className="lobby">
      <div className="card">
        {heading}
        <p className="lead">{left ? t.left : t.visitReady}</p>
        <p className="hint">{t.visitHint}</p>
        <div className="buttons">
          <button
            type="button"
            className="button button-main"
            onClick={() => {
              setLeft(false)
              login.joinVisit(room)
            }}
          >
            {t.joinNow}
          </button>
          <a className="button" href="/">
            {t.backHome}
          </a>
        </div>
      </div>
    </div>
  )
}
