import { useDirective, useTocsin } from '@tocsin/react'
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { usePortal } from '../portal-context.js'
import type { Requested } from './appointments.js'
import {
  type BookingFields,
  blank,
  dayOf,
  dropDraft,
  isTyped,
  loadDraft,
  missingOf,
  type Required,
  saveDraft,
} from './booking-form.js'
import { BookingInputs } from './booking-inputs.js'
import { BookingPaused } from './booking-paused.js'

interface BookingProps {
  readonly onSent: (request: Requested) => void
}

const directive = 'pause-booking'

/** The appointment form. A pause stops what it sends, never what one types. */
export function Booking({ onSent }: BookingProps): ReactNode {
  const { t } = usePortal()
  const client = useTocsin()
  const pause = useDirective(directive)
  const [fields, setFields] = useState(() => loadDraft(sessionStorage))
  const [missing, setMissing] = useState<readonly Required[]>([])
  const [sent, setSent] = useState(false)
  const [wasPaused, setWasPaused] = useState(pause.on)
  if (pause.on && !wasPaused) setWasPaused(true)
  const reason = useRef<HTMLDivElement>(null)
  const problems = useRef<HTMLDivElement>(null)
  const confirmation = useRef<HTMLHeadingElement>(null)
  const title = useId()

  useEffect(() => {
    if (sent) confirmation.current?.focus()
  }, [sent])
  useEffect(() => {
    if (missing.length > 0) problems.current?.focus()
  }, [missing])

  const typed = isTyped(fields)
  const change = (next: Partial<BookingFields>) => {
    const all = { ...fields, ...next }
    setFields(all)
    saveDraft(sessionStorage, all)
  }

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (client.directive(directive).on) {
      reason.current?.focus()
      return
    }
    const found = missingOf(fields, dayOf(new Date()))
    setMissing(found)
    if (found.length > 0 || fields.cause === '') return
    dropDraft(sessionStorage)
    const [year = 0, month = 1, day = 1] = fields.date.split('-').map(Number)
    onSent({
      id: crypto.randomUUID(),
      at: new Date(year, month - 1, day, 12),
      cause: fields.cause,
      way: fields.way,
    })
    setFields(blank)
    setWasPaused(false)
    setSent(true)
  }

  if (sent)
    return (
      <section className="card" aria-labelledby={title}>
        <h2 id={title} ref={confirmation} tabIndex={-1}>
          {t.sentTitle}
        </h2>
        <p>{t.sentText}</p>
        <button type="button" className="button" onClick={() => setSent(false)}>
          {t.another}
        </button>
      </section>
    )
  return (
    <section className="card booking-card" aria-labelledby={title}>
      <h2 id={title}>{t.book}</h2>
      {pause.on ? (
        <BookingPaused pause={pause} box={reason} typed={typed} />
      ) : wasPaused ? (
        <p className="reopened">
          {t.reopened} {typed && t.stillHere}
        </p>
      ) : (
        <p className="lead">{t.bookLead}</p>
      )}
      <form
        className="booking"
        autoComplete="off"
        noValidate
        onSubmit={submit}
        data-paused={pause.on}
      >
        {missing.length > 0 && (
          <section className="problems" ref={problems} tabIndex={-1} aria-label={t.correct}>
            <strong>{t.correct}</strong>
            <ul>
              {missing.map((name) => (
                <li key={name}>
                  <a href={`#booking-${name}`}>{t.missing[name]}</a>
                </li>
              ))}
            </ul>
          </section>
        )}
        <BookingInputs fields={fields} missing={missing} change={change} />
        <button
          type="submit"
          className="button button-main"
          aria-disabled={pause.on}
          aria-describedby={pause.on ? 'booking-paused' : undefined}
        >
          {pause.on ? t.pausedButton : t.send}
        </button>
      </form>
    </section>
  )
}
