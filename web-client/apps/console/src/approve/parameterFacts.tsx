import type { ReactNode } from 'react'
import { languageName } from '../compose/languages.js'
import { stopsBooking } from '../compose/stopsBooking.js'
import { Tag, Time } from '../ui/index.js'
import type { Parameter } from './parameters.js'

const known: Readonly<Record<string, string>> = {
  directive: 'It also does',
  nextUpdateBy: 'Next update by',
}

/**
 * What each parameter does beyond what the banner says of it in every language, or that this console can't tell, as
 * facts for whoever signs.
 */
export function parameterFacts(all: readonly Parameter[]): [string, ReactNode][] {
  const parameters = all.filter((one) => !isInBanner(one, all))
  return [...new Set(parameters.map(({ name }) => name))].map((name) => {
    const own = parameters.filter((one) => one.name === name)
    const label = Object.hasOwn(known, name) ? known[name] : undefined
    return [
      label ?? `Parameter ${name}`,
      <span key={name} className="stack">
        {own.map((one) => (
          <span key={one.value}>
            <Value of={one} />
            {one.languages.length > 0 && (
              <> (only in {one.languages.map(languageName).join(', ')})</>
            )}
          </span>
        ))}
      </span>,
    ]
  })
}

/** Of two the banner says one. */
function isInBanner({ name, languages }: Parameter, all: readonly Parameter[]): boolean {
  const own = all.filter((one) => one.name === name)
  return name === 'nextUpdateBy' && languages.length === 0 && own.length === 1
}

function Value({ of: { name, value } }: { readonly of: Parameter }) {
  if (name === 'nextUpdateBy') return <Time at={value} />
  if (name === 'directive' && value === 'pause-booking') {
    return <>{stopsBooking}</>
  }
  return (
    <>
      <bdi>{value}</bdi> <Tag tone="warn">not known here</Tag> Ask what it does.
    </>
  )
}
