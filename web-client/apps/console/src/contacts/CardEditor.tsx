import { languageName } from '../compose/languages.js'
import { Button, Field, Row } from '../ui/index.js'
import { audiences, audienceWords, type CardErrors, type DraftCard } from './cards.js'
import styles from './contacts.module.css'

const members = [
  { member: 'name', label: 'Who answers', hint: 'Crisis line', optional: false, type: 'text' },
  { member: 'telephone', label: 'Telephone', hint: '+1 555 0100', optional: true, type: 'tel' },
  { member: 'email', label: 'E-mail', hint: 'help@clinic.example', optional: true, type: 'email' },
  { member: 'hours', label: 'Hours', hint: 'Day and night', optional: true, type: 'text' },
  { member: 'language', label: 'Language', hint: 'en', optional: false, type: 'text' },
] as const

/** One card to write. */
export function CardEditor({
  card,
  place,
  errors,
  onChange,
  onCopy,
  onRemove,
}: {
  readonly card: DraftCard
  /** From 1. */
  readonly place: number
  readonly errors: CardErrors
  readonly onChange: (card: DraftCard) => void
  readonly onCopy: () => void
  readonly onRemove: () => void
}) {
  return (
    <fieldset className={styles.editor}>
      <legend>
        Card {place}
        {card.name && `: ${card.name}`}
        {card.name && card.language && ` (${languageName(card.language)})`}
      </legend>
      <div className={styles.fields}>
        {members.map(({ member, label, hint, optional, type }) => (
          <Field key={member} label={label} optional={optional} error={errors[member]}>
            {(control) => (
              <input
                {...control}
                type={type}
                value={card[member]}
                placeholder={hint}
                autoComplete="off"
                dir="auto"
                lang={type === 'text' && member !== 'language' ? card.language : undefined}
                onChange={(event) => onChange({ ...card, [member]: event.target.value })}
              />
            )}
          </Field>
        ))}
        <Field label="For whom" error={errors.audience}>
          {(control) => (
            <select
              {...control}
              value={card.audience}
              onChange={(event) => onChange({ ...card, audience: event.target.value })}
            >
              {[...new Set([...Object.keys(audiences), card.audience])].map((audience) => (
                <option key={audience} value={audience}>
                  {audienceWords(audience)}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <Row>
        <Button onClick={onCopy}>Same in another language</Button>
        <Button kind="danger" onClick={onRemove}>
          Remove card {place}
        </Button>
      </Row>
    </fieldset>
  )
}
