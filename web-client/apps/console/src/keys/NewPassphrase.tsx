import { PassphraseField } from './PassphraseField.js'
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
      <PassphraseField
        label={label}
        error={tried ? passphraseFault(passphrase, owner) : ''}
        fresh
        value={passphrase}
        onChange={(value) => onChange({ ...chosen, passphrase: value })}
      />
      <PassphraseField
        label="The passphrase again"
        error={tried && again !== passphrase ? 'The two passphrases differ.' : ''}
        fresh
        value={again}
        onChange={(value) => onChange({ ...chosen, again: value })}
      />
    </>
  )
}
