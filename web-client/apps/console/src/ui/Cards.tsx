import { type ReactNode, useId } from 'react'
import styles from './Cards.module.css'

export interface Card<T extends string> {
  readonly value: T
  readonly name: ReactNode
  readonly hint?: ReactNode
  readonly aside?: ReactNode
  readonly tone?: 'actual' | 'exercise'
}

/** One choice of a few, each with its words: radio buttons, as large as their cards. */
export function Cards<T extends string>({
  legend,
  cards,
  value,
  onChange,
  disabled = false,
  wide = false,
}: {
  readonly legend: string
  readonly cards: readonly Card<T>[]
  readonly value: T | null
  readonly onChange: (value: T) => void
  readonly disabled?: boolean
  /** Two beside each other at most. */
  readonly wide?: boolean
}) {
  const group = useId()
  return (
    <fieldset disabled={disabled}>
      <legend className="unseen">{legend}</legend>
      <div className={`${styles.cards} ${wide ? styles.wide : ''}`}>
        {cards.map((card) => {
          const id = `${group}-${card.value}`
          return (
            <label
              key={card.value}
              className={`${styles.card} ${card.tone ? styles[card.tone] : ''}`}
            >
              <input
                type="radio"
                name={group}
                checked={value === card.value}
                onChange={() => onChange(card.value)}
                aria-labelledby={`${id}-name`}
                aria-describedby={card.hint ? `${id}-hint` : undefined}
              />
              <span className={styles.name} id={`${id}-name`}>
                {card.name}
              </span>
              {card.hint && (
                <span className={styles.hint} id={`${id}-hint`}>
                  {card.hint}
                </span>
              )}
              {card.aside && <span className={styles.aside}>{card.aside}</span>}
            </label>
          )
        })}
      </div>
    </fieldset>
  )
}
