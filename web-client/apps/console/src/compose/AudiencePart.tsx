import { useId } from 'react'
import type { Audience as Connected } from '../desk/index.js'
import { useAudience, useCohorts } from '../desk/index.js'
import { count } from '../ui/count.js'
import { Cards, Field, Note } from '../ui/index.js'
import { type Audience, type AudienceKind, choices, knownValues, reachOf } from './audience.js'

/** Who is to see it, and how many of them are connected now. */
export function AudiencePart({
  audience,
  onChange,
}: {
  readonly audience: Audience | null
  readonly onChange: (audience: Audience) => void
}) {
  const connected = useAudience().data
  const chosen = choices.find((choice) => choice.kind === audience?.kind)
  return (
    <>
      <Cards
        legend="For whom?"
        value={audience?.kind ?? null}
        onChange={(kind) => onChange({ kind, values: [] })}
        cards={choices.map((choice) => ({
          value: choice.kind,
          name: choice.name,
          hint: choice.hint,
          aside: choice.values ? undefined : connectedTo(choice.kind, connected),
        }))}
      />
      {audience && chosen?.values && (
        <Values
          key={audience.kind}
          label={chosen.values}
          audience={audience}
          onChange={onChange}
          connected={connected}
        />
      )}
    </>
  )
}

function Values({
  label,
  audience,
  onChange,
  connected,
}: {
  readonly label: string
  readonly audience: Audience
  readonly onChange: (audience: Audience) => void
  readonly connected: Connected | undefined
}) {
  const list = useId()
  const cohorts = useCohorts().data ?? []
  const known =
    audience.kind === 'cohort'
      ? cohorts.map((cohort) => cohort.name)
      : knownValues(audience.kind, connected).slice(0, 50)
  const reach = reachOf(audience, connected)
  const members = cohorts
    .filter((cohort) => audience.kind === 'cohort' && audience.values.includes(cohort.name))
    .reduce((sum, cohort) => sum + cohort.members, 0)
  return (
    <>
      <Field
        label={label}
        hint={
          known.length > 0
            ? `Known: ${known.slice(0, 8).join(', ')}. Separate several by commas.`
            : 'Separate several by commas.'
        }
      >
        {(control) => (
          <input
            {...control}
            list={list}
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            defaultValue={audience.values.join(', ')}
            onChange={(event) =>
              onChange({ ...audience, values: event.target.value.split(/[,\s]+/).filter(Boolean) })
            }
          />
        )}
      </Field>
      <datalist id={list}>
        {known.map((value) => (
          <option key={value} value={value} />
        ))}
      </datalist>
      {audience.values.length > 0 && (
        <Note>
          <span>
            {reachWords(reach)}
            {members > 0 && ` On the list: ${count(members, 'person', 'people')}.`}
          </span>
        </Note>
      )}
    </>
  )
}

function connectedTo(kind: AudienceKind, connected: Connected | undefined): string | undefined {
  const reach = reachOf({ kind, values: [] }, connected)
  return reach === null ? undefined : `${reach.toLocaleString('en-US')} connected`
}

/** The reach in words. */
export function reachWords(reach: number | null): string {
  return reach === null
    ? 'How many are connected is not known.'
    : `${count(reach, 'session is', 'sessions are')} connected now.`
}
