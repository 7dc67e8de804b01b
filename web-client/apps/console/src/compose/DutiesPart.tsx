import { Check, Note } from '../ui/index.js'
import { duties } from './duties.js'

/** The checklist for breach notices. */
export function DutiesPart({
  done,
  onChange,
}: {
  readonly done: readonly string[]
  readonly onChange: (done: readonly string[]) => void
}) {
  return (
    <fieldset>
      <legend>The words say all of this, in every language:</legend>
      {duties.map(({ id, words }) => (
        <Check
          key={id}
          label={words}
          checked={done.includes(id)}
          onChange={(event) =>
            onChange(event.target.checked ? [...done, id] : done.filter((one) => one !== id))
          }
        />
      ))}
      <Note>
        45 CFR 164.404(c). This notice does not take the place of the letters, which are due within
        60 days of the discovery.
      </Note>
    </fieldset>
  )
}
