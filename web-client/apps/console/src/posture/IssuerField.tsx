import { useEffect } from 'react'
import { useIssuers } from '../desk/index.js'
import { Field } from '../ui/index.js'

/**
 * Chooses an identity provider among those that the desk knows; typed where it knows none, or was
 * silent until now: what has been typed stays.
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
  const known = issuers.data ?? []
  const only = known.length === 1 ? known[0] : undefined
  useEffect(() => {
    if (only !== undefined && value === '') onChange(only)
  }, [only, value, onChange])
  const hint = 'The service where patients log in, as its tokens name it (iss).'
  const silent = !issuers.data && issuers.error !== null
  const typed = value !== '' && !known.includes(value)
  if (silent || typed || issuers.data?.length === 0) {
    const why = known.length === 0 ? 'knows none' : 'does not know this one'
    return (
      <Field
        label="Identity provider"
        hint={`${hint} The desk ${silent ? 'did not say which it knows' : why}, so check every letter.`}
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
