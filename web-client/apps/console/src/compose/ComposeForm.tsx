import { type ReactNode, useState } from 'react'
import { useKeyset } from '../desk/index.js'
import { keysetIn } from '../documents/open.js'
import { Button, Cards, Row } from '../ui/index.js'
import { AudiencePart } from './AudiencePart.js'
import styles from './compose.module.css'
import { DutiesPart } from './DutiesPart.js'
import type { Thread } from './document.js'
import { type Draft, isBreach, withTemplate } from './draft.js'
import { type Missing, missingOf } from './missing.js'
import { presets } from './presets.js'
import { SignDialog } from './SignDialog.js'
import { StatusPart } from './StatusPart.js'
import { TimesPart } from './TimesPart.js'
import { templateOf, templates } from './templates/index.js'
import { WordsPart } from './WordsPart.js'

/** The form of a notice, question by question, and its signature. */
export function ComposeForm({
  draft,
  onChange,
  onSent,
  onDiscard,
  thread,
}: {
  readonly draft: Draft
  readonly onChange: (draft: Draft) => void
  readonly onSent: () => void
  readonly onDiscard: () => void
  readonly thread?: Thread
}) {
  const policy = keysetIn(useKeyset().data?.envelope)?.policy
  const [signing, setSigning] = useState(false)
  const [tried, setTried] = useState(false)
  const missing = missingOf(draft, policy?.linkHosts ?? (policy ? [] : undefined))
  const set = (change: Partial<Draft>) => onChange({ ...draft, ...change })
  const chosen = draft.template !== null

  return (
    <div className={styles.form}>
      {!thread && (
        <Step title="Is it an exercise, or real?">
          <StatusPart status={draft.status} onChange={(status) => set({ status })} fixed={false} />
        </Step>
      )}
      <Step title={thread ? 'What is new?' : 'What has happened?'}>
        <Cards
          legend="What has happened?"
          value={draft.template}
          onChange={(id) => {
            const template = templateOf(id)
            onChange(
              template.id === 'own' && draft.template
                ? { ...draft, template: id }
                : withTemplate(draft, template),
            )
          }}
          cards={templates.map(({ id, name, hint }) => ({
            value: id,
            name: thread && id === 'own' ? 'Change the words of before' : name,
            hint: thread && id === 'own' ? 'They stand below' : hint,
          }))}
        />
      </Step>
      <Step title="Is it happening now, and how bad is it?">
        <Cards
          legend="Is it happening now, and how bad is it?"
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
        <Step title="Who is to see it?">
          <AudiencePart audience={draft.audience} onChange={(audience) => set({ audience })} />
        </Step>
      )}
      {chosen && (
        <>
          <Step title="The words">
            <WordsPart draft={draft} onChange={set} />
          </Step>
          <Step title="Until when?">
            <TimesPart draft={draft} onChange={set} />
          </Step>
        </>
      )}
      {isBreach(draft) && (
        <Step title="Checklist for breach notices">
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
              ? 'Nothing is sent yet.'
              : `${missing.length} still to do. The draft is kept.`}
          </span>
        </Row>
      </div>
      {signing && (
        <SignDialog
          draft={draft}
          {...(thread && { thread })}
          policy={policy}
          onClose={() => setSigning(false)}
          onSent={onSent}
        />
      )}
    </div>
  )
}

function Step({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className={styles.step}>
      <h2>{title}</h2>
      {children}
    </section>
  )
}

function Todo({ missing }: { readonly missing: readonly Missing[] }) {
  if (missing.length === 0) return null
  return (
    <div role="alert">
      <strong>Before you can sign:</strong>
      <ul>
        {missing.map(({ words }) => (
          <li key={words}>{words}</li>
        ))}
      </ul>
    </div>
  )
}
