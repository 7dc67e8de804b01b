import { useEffect, useId, useState } from 'react'
import { type Asked, useIssuers } from '../desk/index.js'
import { Field } from '../ui/index.js'

/**
 * Chooses an identity provider among those that the desk knows; typed where it knows none, or was
 * silent until now. What somebody has begun to type in stays theirs, and the field what it is:
 * another in its place would lose the focus, and the letters after that.
 */
export function IssuerField({
  value,
  onChange,
  error = '',
}: {
  readonly value: string
  readonly onChange: (issuer: string) => void
  readonly error?: string
}) {
  const issuers = useIssuers()
  const [begun, setBegun] = useState(false)
  const list = useId()
  const known = issuers.data ?? []
  const only = known.length === 1 && !begun ? known[0] : undefined
  useEffect(() => {
    if (only !== undefined && value === '') onChange(only)
  }, [only, value, onChange])
  const hint = 'The service where patients log in, as its tokens name it (iss).'
  if (!begun && known.length > 0 && (value === '' || known.includes(value))) {
    return (
      <Field label="Identity provider" hint={hint} error={error}>
        {(control) => (
          <select {...control} value={value} onChange={(event) => onChange(event.target.value)}>
            <option value="">Choose …</option>
            {known.map((issuer) => (
              <option key={issuer} value={issuer}>
                {issuer}
              </option>
            ))}
          </select>
        )}
      </Field>
    )
  }
  return (
    <Field label="Identity provider" hint={`${hint} ${doubt(issuers, value)}`} error={error}>
      {(control) => (
        <>
          <input
            {...control}
            type="url"
            list={list}
            value={value}
            placeholder="https://idp.clinic.example"
            onFocus={() => setBegun(true)}
            onChange={(event) => onChange(event.target.value.trim())}
          />
          <datalist id={list}>
            {known.map((issuer) => (
              <option key={issuer} value={issuer} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  )
}

/** Why what is typed may be wrong; '' for no reason. */
function doubt({ data: known, error }: Asked<readonly string[]>, value: string): string {
  const but = (why: string) => `The desk ${why}, so check every letter.`
  if (!known) return error ? but('did not say which it knows') : ''
  if (known.length === 0) return but('knows none')
  return value === '' || known.includes(value) ? '' : but('does not know this one')
}
