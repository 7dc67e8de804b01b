import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useTrustedKeyset } from '../documents/trusted.js'
import { useKeys } from '../keys/index.js'
import { useSession } from '../login/session.js'
import { Button, Cards, Field, Note, Row } from '../ui/index.js'
import { AudiencePart } from './AudiencePart.js'
import { beganWith, leftBehind } from './changed.js'
import styles from './compose.module.css'
import { DutiesPart } from './DutiesPart.js'
import type { Thread } from './document.js'
import { type Draft, isBreach, withTemplate } from './draft.js'
import { type Missing, missingOf, type Part } from './missing.js'
import { presets } from './presets.js'
import { SignNotice } from './SignNotice.js'
import { StatusPart } from './StatusPart.js'
import { TimesPart } from './TimesPart.js'
import { type Texts, templateOf, templates } from './templates/index.js'
import { WordsPart } from './WordsPart.js'

/** The form of a notice, question by question, and its signature. */
export function ComposeForm({
  draft,
  onChange,
  onSent,
  onDiscard,
  thread,
  before,
}: {
  readonly draft: Draft
  readonly onChange: (draft: Draft) => void
  readonly onSent: () => void
  readonly onDiscard: () => void
  readonly thread?: Thread
  /** The draft of an Update with the words that show now. */
  readonly before?: Draft
}) {
  const { keyset } = useTrustedKeyset()
  const policy = keyset?.policy
  const { active } = useKeys()
  const session = useSession()
  const breakGlass = keyset?.keys?.find((key) => key.keyid === active?.keyid)?.breakGlass === true
  const mayBegin = session.state === 'in' && session.roles.includes('publisher')
  const [replaced, setReplaced] = useState<Draft | null>(null)
  const [signing, setSigning] = useState(false)
  const [tried, setTried] = useState(false)
  const missing = missingOf(draft, policy?.linkHosts ?? (policy ? [] : undefined), breakGlass)
  const set = (change: Partial<Draft>) => onChange({ ...draft, ...change })
  const chosen = draft.template !== null
  const behind = leftBehind(draft.texts, beganWith(draft, before))

  function choose(id: string) {
    const template = templateOf(id)
    setReplaced(draft.template !== null && wasEdited(draft) ? draft : null)
    if (id === 'own') onChange(before ?? { ...draft, template: id })
    else onChange(withTemplate(draft, template))
  }

  const all = templates.map(({ id, name }) => ({ value: id, name }))
  const cards = thread
    ? [
        { value: 'own', name: 'Change the words that show now' },
        ...all.filter(({ value }) => value !== 'own').reverse(),
      ]
    : all

  return (
    <div className={styles.form}>
      {!mayBegin && (
        <Note tone="warn">
          <strong>Your key can’t begin a notice.</strong>
          <span>
            It has not the role of a publisher. You can write the draft, but a publisher must sign
            first.
          </span>
        </Note>
      )}
      {!thread && (
        <Step title="Exercise, or real?" part="status">
          <StatusPart status={draft.status} onChange={(status) => set({ status })} fixed={false} />
        </Step>
      )}
      <Step title={thread ? 'What is new?' : 'What has happened?'} part="template">
        <Cards legend="What has happened?" value={draft.template} onChange={choose} cards={cards} />
        {replaced && (
          <Note tone="warn" live>
            <span>Your words were replaced by the template’s.</span>
            <Row>
              <Button
                onClick={() => {
                  onChange(replaced)
                  setReplaced(null)
                }}
              >
                Take mine back
              </Button>
            </Row>
          </Note>
        )}
      </Step>
      <Step title="How bad is it?" part="preset">
        <Cards
          wide
          legend="How bad is it?"
          value={draft.preset}
          onChange={(preset) => set({ preset })}
          cards={[
            ...presets.map(({ id, name, hint }) => ({ value: id, name, hint })),
            ...(draft.kept && draft.preset === 'kept'
              ? [
                  {
                    value: 'kept' as const,
                    name: 'As before',
                    hint: Object.values(draft.kept).join(', '),
                  },
                ]
              : []),
          ]}
        />
      </Step>
      {!thread && (
        <Step title="For whom?" part="audience">
          <AudiencePart audience={draft.audience} onChange={(audience) => set({ audience })} />
        </Step>
      )}
      {chosen && (
        <>
          <Step title="The words" part="words">
            <WordsPart draft={draft} onChange={set} behind={behind} />
          </Step>
          <Step title="Until when?" part="times">
            <TimesPart draft={draft} onChange={set} />
          </Step>
        </>
      )}
      {breakGlass && (
        <Step title="Why is the break-glass key used?" part="glass">
          <Field
            label="The reason"
            hint="Your signature alone is enough. The reason is published with it."
          >
            {(control) => (
              <textarea
                {...control}
                value={draft.note}
                onChange={(event) => set({ note: event.target.value })}
              />
            )}
          </Field>
        </Step>
      )}
      {isBreach(draft) && (
        <Step title="Checklist for breach notices" part="duties">
          <DutiesPart done={draft.duties} onChange={(duties) => set({ duties })} />
        </Step>
      )}
      <div className={styles.foot}>
        {tried && <Todo missing={missing} />}
        <Row>
          <Button
            kind={draft.status === 'Actual' ? 'actual' : draft.status ? 'exercise' : 'primary'}
            large
            onClick={() => {
              setTried(true)
              if (missing.length === 0) setSigning(true)
            }}
          >
            Check and sign …
          </Button>
          <Button kind="quiet" onClick={onDiscard}>
            Discard the draft
          </Button>
          <span>
            {missing.length === 0
              ? 'Nothing is sent before you have signed.'
              : `${missing.length} still to do. Nothing is sent before you have signed.`}
          </span>
        </Row>
      </div>
      {signing && (
        <SignNotice
          draft={draft}
          {...(thread && { thread })}
          policy={policy}
          breakGlass={breakGlass}
          behind={behind}
          onClose={() => setSigning(false)}
          onSent={onSent}
        />
      )}
    </div>
  )
}

function Step({
  title,
  part,
  children,
}: {
  readonly title: string
  readonly part: Part
  readonly children: ReactNode
}) {
  return (
    <section className={styles.step} id={`part-${part}`} tabIndex={-1}>
      <h2>{title}</h2>
      {children}
    </section>
  )
}

function Todo({ missing }: { readonly missing: readonly Missing[] }) {
  const list = useRef<HTMLDivElement>(null)
  // It takes the place of the button that was pressed, which moves down.
  useEffect(() => {
    // Newer browsers answer with a promise, which is no clean-up.
    void list.current?.scrollIntoView({ block: 'nearest' })
  }, [])
  if (missing.length === 0) return null
  return (
    <div role="alert" ref={list}>
      <strong>Before you can sign:</strong>
      <ul>
        {missing.map(({ words, part, field }) => (
          <li key={words}>
            <button type="button" className={styles.jump} onClick={() => jumpTo(part, field)}>
              {words}
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}

function jumpTo(part: Part, field?: string): void {
  const section = document.getElementById(`part-${part}`)
  section?.scrollIntoView({ block: 'start' })
  const input = field && section?.querySelector<HTMLElement>(`[name="${field}"]`)
  const target = input || section
  // What is missing and has no name of its own may lie in a part that is folded.
  if (!input) for (const fold of section?.querySelectorAll('details') ?? []) fold.open = true
  target?.focus({ preventScroll: true })
}

/** Whether somebody has written words that choosing a template would take away. */
function wasEdited(draft: Draft): boolean {
  const { texts } = templateOf(draft.template ?? '')
  return draft.texts.some(({ language, ...words }) =>
    Object.entries(words).some(
      ([name, text]) => text !== '' && text !== texts[language]?.[name as keyof Texts],
    ),
  )
}
