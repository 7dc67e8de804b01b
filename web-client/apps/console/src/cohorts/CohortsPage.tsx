import { useState } from 'react'
import { type Cohort, useCohorts, useRemoveCohort } from '../desk/index.js'
import { useSession } from '../login/session.js'
import { number, people } from '../ui/count.js'
import {
  Busy,
  Button,
  Dialog,
  Field,
  Note,
  Page,
  Panel,
  Problem,
  Table,
  Time,
} from '../ui/index.js'
import { CohortForm } from './CohortForm.js'

/** The lists of people who are known afterwards to be affected. */
export function CohortsPage() {
  const cohorts = useCohorts()
  const session = useSession()
  const [removing, setRemoving] = useState<Cohort | null>(null)
  const may =
    session.state === 'in' && session.roles.some((r) => r === 'publisher' || r === 'approver')
  return (
    <Page
      title="Cohorts"
      intro="A cohort is a list of people who turn out to be affected, such as those whose records were read. A notice can be sent to a cohort. Their portals learn it within seconds, also while login is down. Nobody is told who is on it."
    >
      <Problem error={cohorts.error} asked />
      {!cohorts.data && !cohorts.error && <Busy />}
      {cohorts.data?.length === 0 && <p>There is no cohort yet.</p>}
      {cohorts.data !== undefined && cohorts.data.length > 0 && (
        <Panel>
          <Table caption="Cohorts" head={['Name', 'People', 'Made', 'What to do']}>
            {cohorts.data.map((cohort) => (
              <tr key={cohort.name}>
                <th scope="row">{cohort.name}</th>
                <td>{number(cohort.members)}</td>
                <td>
                  <Time at={cohort.time} />
                </td>
                <td>
                  {may && (
                    <Button kind="danger" onClick={() => setRemoving(cohort)}>
                      Remove {cohort.name} …
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </Table>
        </Panel>
      )}
      {may ? (
        <Panel title="Make a cohort">
          <CohortForm existing={cohorts.data ?? []} />
        </Panel>
      ) : (
        <Note>Cohorts are made by those who may write or approve notices.</Note>
      )}
      {removing && <RemoveDialog cohort={removing} onClose={() => setRemoving(null)} />}
    </Page>
  )
}

function RemoveDialog({
  cohort,
  onClose,
}: {
  readonly cohort: Cohort
  readonly onClose: () => void
}) {
  const [typed, setTyped] = useState('')
  const [tried, setTried] = useState(false)
  const remove = useRemoveCohort()
  const act = () => {
    setTried(true)
    if (typed.trim() === cohort.name) remove.mutate(cohort.name, { onSuccess: onClose })
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Remove ${cohort.name}?`}
      actions={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button kind="danger" busy={remove.isPending} onClick={act}>
            Remove it
          </Button>
        </>
      }
    >
      <p>
        {people(cohort.members)} are on it. Notices to this cohort reach none of them any more, also
        those that show now. The list can’t be brought back from here: you need the file again.
      </p>
      <Field
        label={
          <>
            Type <strong>{cohort.name}</strong> to confirm
          </>
        }
        error={tried && typed.trim() !== cohort.name ? 'This is not its name.' : ''}
      >
        {(control) => (
          <input
            {...control}
            value={typed}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
      </Field>
      <Problem error={remove.error} />
    </Dialog>
  )
}
