import { type FormEvent, useRef, useState } from 'react'
import { type Cohort, usePutCohort } from '../desk/index.js'
import { IssuerField } from '../posture/IssuerField.js'
import { span } from '../ui/clock.js'
import { count, people } from '../ui/count.js'
import { Button, ButtonLink, Field, Note, Problem, Row } from '../ui/index.js'
import styles from './cohorts.module.css'
import { CsvError, headings, maxFile, readSubjects, type Subjects } from './csv.js'

/** A cohort's name, as the label cohort:NAME holds it. */
const nameForm = /^[a-z0-9][a-z0-9-]{0,63}$/

interface Loaded {
  readonly file: string
  readonly text: string
  readonly columns: readonly string[]
}

/** Makes a cohort of a file of subject ids. The file is read here, and kept nowhere. */
export function CohortForm({ existing }: { readonly existing: readonly Cohort[] }) {
  const [name, setName] = useState('')
  const [issuer, setIssuer] = useState('')
  const [loaded, setLoaded] = useState<Loaded | null>(null)
  const [column, setColumn] = useState('')
  const [read, setRead] = useState<Subjects | string | null>(null)
  const [tried, setTried] = useState(false)
  // Counts the cohorts that were made: each empties the field of the file.
  const [made, setMade] = useState(0)
  const latest = useRef<File>(undefined)
  const put = usePutCohort()
  const subjects = typeof read === 'object' ? read : null
  const before = existing.find((cohort) => cohort.name === name)
  const nameError = nameForm.test(name)
    ? ''
    : 'Use small letters, digits and hyphens, such as breach-7.'

  function take(next: Loaded, chosen: string) {
    setLoaded(next)
    setColumn(chosen)
    try {
      setRead(readSubjects(next.text, chosen))
    } catch (error) {
      setRead(error instanceof CsvError ? error.message : 'This file could not be read.')
    }
  }

  async function choose(file: File | undefined) {
    put.reset()
    setRead(null)
    setLoaded(null)
    latest.current = file
    if (file === undefined) return
    if (file.size > maxFile) {
      setRead('This file is larger than 48 MiB. Make two lists of it.')
      return
    }
    const text = await file.text().catch(() => null)
    // Another one was chosen while this was read.
    if (latest.current !== file) return
    if (text === null) setRead('This file could not be read. Choose it again.')
    else take({ file: file.name, text, columns: columnsOf(text) }, '')
  }

  function submit(event: FormEvent) {
    event.preventDefault()
    setTried(true)
    if (nameError || issuer === '' || subjects === null) return
    put.mutate(
      { name, issuer, subjects: subjects.ids },
      {
        onSuccess: () => {
          setRead(null)
          setLoaded(null)
          setTried(false)
          setMade(made + 1)
        },
      },
    )
  }

  return (
    <form className="stack" onSubmit={submit} noValidate>
      <Field
        label="Name"
        hint="Staff see it when they send a notice. It names nobody, and no illness."
        error={tried ? nameError : ''}
      >
        {(control) => (
          <input
            {...control}
            value={name}
            placeholder="breach-7"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            onChange={(event) => setName(event.target.value.toLowerCase())}
          />
        )}
      </Field>
      <IssuerField
        value={issuer}
        onChange={setIssuer}
        error={tried && issuer === '' ? 'Which one?' : ''}
      />
      <Field
        label="File of subject ids"
        hint="A CSV file with a column “sub”, or one id a line: the sub that the identity provider gives each patient. It is read in this browser; the desk keeps pseudonyms only."
        error={typeof read === 'string' ? read : tried && read === null ? 'Choose a file.' : ''}
      >
        {(control) => (
          <input
            {...control}
            key={made}
            type="file"
            accept=".csv,.txt,text/csv,text/plain"
            onChange={(event) => void choose(event.target.files?.[0])}
          />
        )}
      </Field>
      {loaded !== null && loaded.columns.length > 1 && (
        <Field label="Column" hint="Which one holds the subject ids.">
          {(control) => (
            <select
              {...control}
              value={column}
              onChange={(event) => take(loaded, event.target.value)}
            >
              <option value="">“sub” if there is one, otherwise the first</option>
              {loaded.columns.map((heading) => (
                <option key={heading} value={heading}>
                  {heading}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      {subjects && <Found subjects={subjects} />}
      {before && subjects && (
        <Note tone="warn">
          <strong>{name} exists.</strong>
          <span>
            Its {people(before.members)} (made {span(Date.now() - Date.parse(before.time))} ago) are
            dropped; this list takes their place.
          </span>
        </Note>
      )}
      <Problem error={put.error} />
      {put.isPending && (
        <div className={styles.progress}>
          <label htmlFor="cohort-progress">
            Sending {count(subjects?.ids.length ?? 0, 'subject id')} …
          </label>
          <progress id="cohort-progress" />
        </div>
      )}
      {put.isSuccess && (
        <Note tone="good" live>
          <strong>
            cohort:{put.data.name} has {people(put.data.members)}.
          </strong>
          <span>Their open portals know it within seconds; a notice can be sent to them now.</span>
          <Row>
            <ButtonLink href="#/new">Send a notice</ButtonLink>
          </Row>
        </Note>
      )}
      <Row>
        <Button type="submit" kind="primary" busy={put.isPending}>
          {before && subjects ? 'Replace the cohort' : 'Make the cohort'}
        </Button>
      </Row>
    </form>
  )
}

function Found({ subjects }: { readonly subjects: Subjects }) {
  const different = subjects.ids.length - subjects.repeated
  return (
    <Note live>
      <strong>{people(different)} in this file.</strong>
      <span>
        {subjects.column
          ? `Read from the column “${subjects.column}”.`
          : 'Read from the first column; there is no heading “sub”.'}
        {subjects.repeated > 0 &&
          ` ${count(subjects.repeated, 'id is', 'ids are')} there more than once, and count once.`}
      </span>
    </Note>
  )
}

/** The headings to choose from; none if a file can't be read that far. */
function columnsOf(text: string): readonly string[] {
  try {
    return [...new Set(headings(text))]
  } catch {
    return []
  }
}
