import { useState } from 'react'
import { Field } from '../ui/index.js'
import { liesAhead } from './change.js'

/** A time in the past: now, so long ago, or a date and time. Null is now. */
export function SinceField({
  label,
  hint,
  value,
  onChange,
}: {
  readonly label: string
  readonly hint: string
  readonly value: number | null
  readonly onChange: (at: number | null) => void
}) {
  const [choice, setChoice] = useState('0')
  const ahead = value !== null && liesAhead(value, Date.now())
  return (
    <>
      <Field label={label} hint={hint}>
        {(control) => (
          <select
            {...control}
            value={choice}
            onChange={(event) => {
              setChoice(event.target.value)
              const minutes = Number(event.target.value)
              if (event.target.value !== 'at') {
                onChange(minutes === 0 ? null : Date.now() - minutes * 60_000)
              }
            }}
          >
            <option value="0">Now</option>
            <option value="60">1 hour ago</option>
            <option value="360">6 hours ago</option>
            <option value="1440">24 hours ago</option>
            <option value="10080">7 days ago</option>
            <option value="at">At this time …</option>
          </select>
        )}
      </Field>
      {choice === 'at' && (
        <Field
          label="Date and time"
          hint="In this device’s time zone."
          error={ahead ? 'This lies ahead: what is issued until then would be void too.' : ''}
        >
          {(control) => (
            <input
              {...control}
              type="datetime-local"
              onChange={(event) => {
                const at = new Date(event.target.value).getTime()
                onChange(Number.isNaN(at) ? null : at)
              }}
            />
          )}
        </Field>
      )}
    </>
  )
}
