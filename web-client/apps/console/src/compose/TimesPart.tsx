import { Fold } from '../documents/Fold.js'
import { Check, Field } from '../ui/index.js'
import styles from './compose.module.css'
import type { Draft } from './draft.js'
import { duration } from './duration.js'
import { stopsBooking } from './stopsBooking.js'

const lasts = [1, 2, 4, 8, 24, 72, 168, 336, 1440]
const nexts = [0, 15, 30, 60, 120, 240, 1440]

/** Until when it shows, when the next word comes, and whether booking stops. */
export function TimesPart({
  draft,
  onChange,
}: {
  readonly draft: Draft
  readonly onChange: (change: Partial<Draft>) => void
}) {
  return (
    <Fold
      title={duration(draft.lastsHours * 60)}
      words={
        <>
          {draft.nextUpdateMinutes > 0 && (
            <span>Next update within {duration(draft.nextUpdateMinutes)}</span>
          )}
          {draft.pauseBooking && <span>{stopsBooking}</span>}
          {draft.link && <bdi>{draft.link}</bdi>}
        </>
      }
    >
      <div className={styles.two}>
        <Field
          label="It shows for"
          hint="Then it ends by itself. You can withdraw it sooner, or prolong it."
        >
          {(control) => (
            <select
              {...control}
              value={draft.lastsHours}
              onChange={(event) => onChange({ lastsHours: Number(event.target.value) })}
            >
              {withValue(lasts, draft.lastsHours).map((hours) => (
                <option key={hours} value={hours}>
                  {duration(hours * 60)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Promise the next update" hint="Readers see the time. Keep it.">
          {(control) => (
            <select
              {...control}
              value={draft.nextUpdateMinutes}
              onChange={(event) => onChange({ nextUpdateMinutes: Number(event.target.value) })}
            >
              {withValue(nexts, draft.nextUpdateMinutes).map((minutes) => (
                <option key={minutes} value={minutes}>
                  {minutes === 0 ? 'No promise' : `within ${duration(minutes)}`}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <Check
        label="Stop the booking of appointments meanwhile"
        hint={
          draft.status === 'Exercise'
            ? 'In an exercise this is only shown; portals go on booking.'
            : 'Portals close their booking form, keep what was typed, and open it again when the notice ends.'
        }
        checked={draft.pauseBooking}
        onChange={(event) => onChange({ pauseBooking: event.target.checked })}
      />
      <Field
        label="Link to more"
        optional
        hint="https, to a page without login on one of your allowed hosts."
      >
        {(control) => (
          <input
            {...control}
            type="url"
            inputMode="url"
            value={draft.link}
            onChange={(event) => onChange({ link: event.target.value })}
          />
        )}
      </Field>
    </Fold>
  )
}

function withValue(values: readonly number[], value: number): number[] {
  return [...new Set([...values, value])].sort((a, b) => a - b)
}
