import { useEffect } from 'react'
import { useIssuers } from '../desk/index.js'
import { Field } from '../ui/index.js'

/** Chooses an identity provider among those that the desk knows; typed where it knows none. */
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
  const known = issuers.data ?? []
  const only = known.length === 1 ? known[0] : undefined
  useEffect(() => {
    if (only !== undefined && value === '') onChange(only)
  }, [only, value, onChange])
  const hint = 'The service where patients log in, as its tokens name it (iss).'
  if (known.length === 0 && (issuers.data !== undefined || issuers.isError)) {
    return (
      <Field
        label="Identity provider"
        hint={`${hint} The desk ${issuers.isError ? 'did not say which it knows' : 'knows none'}, so check every letter.`}
        error={error}
      >
        {(control) => (
          <input
            {...control}
            type="url"
            value={value}
            placeholder="https://idp.clinic.example"
            onChange={(event) => onChange(event.target.value.trim())}
          />
        )}
      </Field>
    )
  }
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
