import type { ReactNode } from 'react'
import { type Cause, clinicians, type Way } from '../clinic.js'
import { usePortal } from '../portal-context.js'
import { type BookingFields, dayOf, type Required } from './booking-form.js'

interface BookingInputsProps {
  readonly fields: BookingFields
  readonly missing: readonly Required[]
  readonly change: (next: Partial<BookingFields>) => void
}

const causes: readonly Cause[] = ['checkUp', 'followUp', 'newProblem', 'vaccination', 'other']
const ways: readonly Way[] = ['inPerson', 'video', 'phone']
const parts: readonly BookingFields['partOfDay'][] = ['morning', 'afternoon', 'any']

export function BookingInputs({ fields, missing, change }: BookingInputsProps): ReactNode {
  const { t } = usePortal()
  const required = (name: Required) => ({
    id: `booking-${name}`,
    'aria-required': true,
    'aria-invalid': missing.includes(name) || undefined,
    'aria-describedby': missing.includes(name) ? `booking-${name}-missing` : undefined,
  })
  const problem = (name: Required) =>
    missing.includes(name) && (
      <span className="problem" id={`booking-${name}-missing`}>
        {t.missing[name]}
      </span>
    )
  const optional = <span className="hint"> ({t.optional})</span>
  return (
    <>
      <div className="field">
        <label htmlFor="booking-cause">{t.whatFor}</label>
        <select
          {...required('cause')}
          value={fields.cause}
          onChange={(e) => change({ cause: causes.find((c) => c === e.target.value) ?? '' })}
        >
          <option value="">{t.choose}</option>
          {causes.map((cause) => (
            <option key={cause} value={cause}>
              {t.cause[cause]}
            </option>
          ))}
        </select>
        {problem('cause')}
      </div>
      <div className="field">
        <label htmlFor="booking-clinician">{t.clinician}</label>
        <select
          id="booking-clinician"
          value={fields.clinician}
          onChange={(e) => change({ clinician: e.target.value })}
        >
          <option value="">{t.anyClinician}</option>
          {clinicians.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </div>
      <Choice
        legend={t.how}
        name="way"
        values={ways}
        labels={t.way}
        value={fields.way}
        choose={(way) => change({ way })}
      />
      <div className="field">
        <label htmlFor="booking-date">{t.day}</label>
        <input
          type="date"
          {...required('date')}
          min={dayOf(new Date())}
          value={fields.date}
          onChange={(e) => change({ date: e.target.value })}
        />
        {problem('date')}
      </div>
      <div className="field">
        <label htmlFor="booking-telephone">{t.telephone}</label>
        <input
          type="tel"
          autoComplete="off" // of a computer that others use, too
          dir="ltr"
          {...required('telephone')}
          value={fields.telephone}
          onChange={(e) => change({ telephone: e.target.value })}
        />
        {problem('telephone')}
      </div>
      <Choice
        legend={t.partOfDay}
        name="part"
        values={parts}
        labels={t}
        value={fields.partOfDay}
        choose={(partOfDay) => change({ partOfDay })}
      />
      <div className="field field-wide">
        <label htmlFor="booking-about">
          {t.about}
          {optional}
        </label>
        <textarea
          id="booking-about"
          rows={3}
          dir="auto"
          aria-describedby="booking-about-hint"
          value={fields.about}
          onChange={(e) => change({ about: e.target.value })}
        />
        <span className="hint" id="booking-about-hint">
          {t.aboutHint}
        </span>
      </div>
      <label className="check field-wide">
        <input
          type="checkbox"
          checked={fields.interpreter}
          onChange={(e) => change({ interpreter: e.target.checked })}
        />
        {t.interpreter}
      </label>
    </>
  )
}

interface ChoiceProps<T extends string> {
  readonly legend: string
  readonly name: string
  readonly values: readonly T[]
  readonly labels: Readonly<Record<T, string>>
  readonly value: T
  readonly choose: (value: T) => void
}

function Choice<T extends string>(props: ChoiceProps<T>): ReactNode {
  return (
    <fieldset className="choice field-wide">
      <legend>{props.legend}</legend>
      <div className="choices">
        {props.values.map((value) => (
          <label key={value}>
            <input
              type="radio"
              name={props.name}
              checked={props.value === value}
              onChange={() => props.choose(value)}
            />
            {props.labels[value]}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
