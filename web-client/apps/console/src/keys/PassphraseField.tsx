import { Field } from '../ui/index.js'

/** Asks for a passphrase: of a key that there is, or for a `fresh` one. */
export function PassphraseField({
  label,
  error = '',
  fresh = false,
  value,
  onChange,
}: {
  readonly label: string
  readonly error?: string
  readonly fresh?: boolean
  readonly value: string
  readonly onChange: (value: string) => void
}) {
  return (
    <Field label={label} error={error}>
      {(control) => (
        <input
          {...control}
          type="password"
          value={value}
          onChange={(event) => onChange(event.target.value)}
          autoComplete={fresh ? 'new-password' : 'current-password'}
        />
      )}
    </Field>
  )
}
