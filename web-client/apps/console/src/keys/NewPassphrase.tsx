import { Field } from '../ui/index.js'
import { passphraseFault } from './passphrase.js'

/** A passphrase that is being chosen, typed twice. */
export interface Chosen {
  readonly passphrase: string
  readonly again: string
}

export const noneChosen: Chosen = { passphrase: '', again: '' }

/** Whether it can be used for a key of that owner. */
export function isChosen({ passphrase, again }: Chosen, owner: string): boolean {
  return passphrase === again && passphraseFault(passphrase, owner) === ''
}

/** Asks for a new passphrase, twice. */
export function NewPassphrase({
  label,
  owner,
  chosen,
  tried,
  onChange,
}: {
  readonly label: string
  readonly owner: string
  readonly chosen: Chosen
  /** Whether to say what is wrong. */
  readonly tried: boolean
  readonly onChange: (chosen: Chosen) => void
}) {
  const { passphrase, again } = chosen
  return (
    <>
      <Field label={label} error={tried ? passphraseFault(passphrase, owner) : ''}>
        {(control) => (
          <input
            {...control}
            type="password"
            value={passphrase}
            onChange={(event) => onChange({ ...chosen, passphrase: event.target.value })}
            autoComplete="new-password"
          />
        )}
      </Field>
      <Field
        label="The passphrase again"
        error={tried && again !== passphrase ? 'The two passphrases differ.' : ''}
      >
        {(control) => (
          <input
            {...control}
            type="password"
            value={again}
            onChange={(event) => onChange({ ...chosen, again: event.target.value })}
            autoComplete="new-password"
          />
        )}
      </Field>
    </>
  )
}
