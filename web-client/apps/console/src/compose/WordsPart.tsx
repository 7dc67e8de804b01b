import { useState } from 'react'
import { Fold } from '../documents/Fold.js'
import { BannerPreview } from '../preview/BannerPreview.js'
import { Button, Check, Field, Note, Row } from '../ui/index.js'
import styles from './compose.module.css'
import { noticeFrom } from './document.js'
import type { Draft, DraftTexts } from './draft.js'
import { dataKinds, fieldLabels, type Values } from './fill.js'
import { directionOf, languageName, offered } from './languages.js'
import { type FieldName, templateOf } from './templates/index.js'

/** The words: what is filled in once; behind it each language with its banner. */
export function WordsPart({
  draft,
  onChange,
  behind,
}: {
  readonly draft: Draft
  readonly onChange: (change: Partial<Draft>) => void
  /** What to tell whoever has changed some languages only. */
  readonly behind: string | null
}) {
  const [chosen, setChosen] = useState('en')
  const [narrow, setNarrow] = useState(false)
  const current = draft.texts.find((texts) => texts.language === chosen) ?? draft.texts[0]
  const free = offered.filter((tag) => !draft.texts.some((texts) => texts.language === tag))

  const write = (change: Partial<DraftTexts>) =>
    onChange({
      texts: draft.texts.map((texts) => (texts === current ? { ...texts, ...change } : texts)),
    })
  const add = (language: string) => {
    onChange({
      texts: [
        ...draft.texts,
        { language, event: '', headline: '', instruction: '', description: '' },
      ],
    })
    setChosen(language)
  }

  return (
    <>
      <FillIn
        draft={draft}
        onChange={(values) => onChange({ values: { ...draft.values, ...values } })}
      />
      {behind && (
        <Note tone="warn" live>
          {behind} Change or leave out each of them.
        </Note>
      )}
      <Fold
        key={draft.template}
        title="Change the words"
        words={draft.texts.map(({ language }) => languageName(language)).join(', ')}
        open={draft.template === 'own'}
      >
        {hasBraces(draft) && (
          <Note>What you fill in above takes the place of the words in {'{braces}'}.</Note>
        )}
        <fieldset className={styles.tabs}>
          <legend className="unseen">Language</legend>
          {draft.texts.map(({ language }) => (
            <button
              key={language}
              type="button"
              aria-pressed={language === current?.language}
              onClick={() => setChosen(language)}
            >
              {languageName(language)}
            </button>
          ))}
          <select
            aria-label="Add a language"
            value=""
            onChange={(event) => add(event.target.value)}
          >
            <option value="" disabled>
              + Language
            </option>
            {free.map((tag) => (
              <option key={tag} value={tag}>
                {languageName(tag)}
              </option>
            ))}
          </select>
        </fieldset>
        {current && (
          <>
            <Editor key={current.language} texts={current} onChange={write} />
            {draft.texts.length > 1 && (
              <Row>
                <Button
                  kind="quiet"
                  onClick={() =>
                    onChange({ texts: draft.texts.filter((texts) => texts !== current) })
                  }
                >
                  Leave {languageName(current.language)} out
                </Button>
              </Row>
            )}
            <Row>
              <h3>What readers see, in {languageName(current.language)}</h3>
              <Button aria-pressed={narrow} onClick={() => setNarrow(!narrow)}>
                {narrow ? 'Show it wide' : 'Show it on a small telephone'}
              </Button>
            </Row>
            <BannerPreview notice={previewOf(draft)} language={current.language} narrow={narrow} />
          </>
        )}
      </Fold>
    </>
  )
}

function Editor({
  texts,
  onChange,
}: {
  readonly texts: DraftTexts
  readonly onChange: (change: Partial<DraftTexts>) => void
}) {
  const writing = { lang: texts.language, dir: directionOf(texts.language) }
  return (
    <>
      <Field label="Headline" hint="One line: what it is.">
        {(control) => (
          <input
            {...control}
            {...writing}
            value={texts.headline}
            maxLength={160}
            onChange={(event) => onChange({ headline: event.target.value })}
          />
        )}
      </Field>
      <Field label="What to do" hint="It stands first, and is read aloud first.">
        {(control) => (
          <textarea
            {...control}
            {...writing}
            value={texts.instruction}
            onChange={(event) => onChange({ instruction: event.target.value })}
          />
        )}
      </Field>
      <Field label="What happened" optional>
        {(control) => (
          <textarea
            {...control}
            {...writing}
            value={texts.description}
            onChange={(event) => onChange({ description: event.target.value })}
          />
        )}
      </Field>
    </>
  )
}

const types: Partial<Record<FieldName, string>> = {
  telephone: 'tel',
  since: 'datetime-local',
  happened: 'date',
  found: 'date',
}

function FillIn({
  draft,
  onChange,
}: {
  readonly draft: Draft
  readonly onChange: (values: Partial<Values>) => void
}) {
  const { fields } = templateOf(draft.template ?? '')
  const { data } = draft.values
  return (
    <>
      <div className={styles.two}>
        {fields
          .filter((name) => name !== 'data')
          .map((name) => (
            <Field key={name} label={fieldLabels[name]}>
              {(control) => (
                <input
                  {...control}
                  name={name}
                  type={types[name] ?? 'text'}
                  value={draft.values[name]}
                  onChange={(event) => onChange({ [name]: event.target.value })}
                />
              )}
            </Field>
          ))}
      </div>
      {fields.includes('data') && (
        <fieldset>
          <legend>
            <strong>{fieldLabels.data}</strong>
          </legend>
          <div className={styles.two}>
            {Object.entries(dataKinds).map(([kind, names]) => (
              <Check
                key={kind}
                label={names.en}
                checked={data.includes(kind)}
                onChange={(event) =>
                  onChange({
                    data: event.target.checked
                      ? [...data, kind]
                      : data.filter((one) => one !== kind),
                  })
                }
              />
            ))}
          </div>
        </fieldset>
      )}
    </>
  )
}

function hasBraces({ texts }: Draft): boolean {
  return texts.some((words) => /\{\w+\}/.test(Object.values(words).join(' ')))
}

/** The draft as a notice, with stand-ins for what is not chosen yet. */
function previewOf(draft: Draft) {
  return noticeFrom(
    {
      ...draft,
      status: draft.status ?? 'Exercise',
      audience: draft.audience ?? { kind: 'everyone', values: [] },
      preset: draft.preset ?? 'serious',
      texts: draft.texts.map((texts) => ({ ...texts, headline: texts.headline || '…' })),
    },
    { identifier: 'preview', sender: 'preview', now: new Date() },
  )
}
