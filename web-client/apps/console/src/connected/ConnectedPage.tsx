import { useEffect, useState } from 'react'
import { languageName } from '../compose/languages.js'
import { type Audience, useAudience } from '../desk/index.js'
import { span } from '../ui/clock.js'
import { count, number } from '../ui/count.js'
import { Busy, Note, Page, Panel, Problem } from '../ui/index.js'
import { BarTable } from './BarTable.js'
import styles from './connected.module.css'
import { ageMs, labelGroups, surfaceBars, tierBars, withoutSurface } from './tally.js'

/** Numbers older than this are said to be, in ms: the desk forgets a node after 30 s. */
const oldMs = 30_000

const tierWords: Readonly<Record<string, string>> = {
  public: 'Public: nobody is logged in',
  restricted: 'Restricted: a known device, or a login of before',
  private: 'Private: logged in now',
}

const surfaceWords: Readonly<Record<string, string>> = {
  portal: 'Patient portal',
  call: 'Video visits',
  console: 'This console',
}

const kindWords: Readonly<Record<string, string>> = {
  tenant: 'By clinic',
  group: 'By group',
  cohort: 'By cohort',
  lang: 'By language',
}

/** Who is connected: numbers of open pages, never people. */
export function ConnectedPage() {
  const { data, error } = useAudience()
  return (
    <Page
      title="Connected"
      intro="Open portals and calls that would show a notice at once. One person with two pages open counts twice; who is not here now sees the notice when they come."
    >
      <Problem error={error} asked />
      {!data && !error && <Busy />}
      {data && <Numbers audience={data} />}
    </Page>
  )
}

function Numbers({ audience }: { readonly audience: Audience }) {
  const elsewhere = withoutSurface(audience)
  return (
    <>
      <Panel>
        <p className={styles.total}>
          <strong>{number(audience.sessions)}</strong>{' '}
          {audience.sessions === 1 ? 'page is' : 'pages are'} connected, to{' '}
          {count(audience.nodes, 'node')}
        </p>
        <Age audience={audience} />
        {audience.nodes === 0 && (
          <Note tone="warn">
            <strong>No node has reported within 30 seconds.</strong>
            <span>
              They may be down, or cut off from the desk. A notice can still be signed and sent;
              nodes show it as soon as they are back.
            </span>
          </Note>
        )}
      </Panel>
      <Panel>
        <BarTable
          caption="What they may see"
          head="Tier"
          bars={tierBars(audience)}
          nameOf={(tier) => tierWords[tier] ?? tier}
        />
      </Panel>
      <Panel>
        <BarTable
          caption="Where they are"
          head="Surface"
          bars={surfaceBars(audience)}
          nameOf={(surface) => surfaceWords[surface] ?? surface}
        />
        {elsewhere > 0 && (
          <p>{count(elsewhere, 'does not say where it is.', 'do not say where they are.')}</p>
        )}
        {audience.sessions === 0 && <p>Nobody is connected.</p>}
      </Panel>
      {labelGroups(audience).map(({ kind, bars }) => (
        <Panel key={kind}>
          <BarTable
            caption={kindWords[kind] ?? `By ${kind}`}
            head={kind}
            bars={bars}
            {...(kind === 'lang' && { nameOf: languageName })}
          />
        </Panel>
      ))}
    </>
  )
}

/** How old the numbers are, counted on. */
function Age({ audience }: { readonly audience: Audience }) {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  const age = ageMs(audience, now)
  if (age <= oldMs) {
    return <p className={styles.age}>As of {span(age)} ago. Renewed every 5 seconds.</p>
  }
  return (
    <Note tone="warn">
      These numbers are {span(age)} old. They are renewed as soon as the desk has newer ones.
    </Note>
  )
}
