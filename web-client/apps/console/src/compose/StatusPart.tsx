import { Cards } from '../ui/index.js'
import type { Draft } from './draft.js'
import { statusWords } from './StatusBand.js'

/** The first question: exercise or real. */
export function StatusPart({
  status,
  onChange,
  fixed,
}: {
  readonly status: Draft['status']
  readonly onChange: (status: 'Actual' | 'Exercise') => void
  readonly fixed: boolean
}) {
  return (
    <Cards
      legend="Exercise, or real?"
      value={status}
      onChange={onChange}
      disabled={fixed}
      cards={[
        {
          value: 'Exercise',
          name: 'EXERCISE',
          hint: statusWords.Exercise,
          tone: 'exercise',
        },
        {
          value: 'Actual',
          name: 'ACTUAL',
          hint: statusWords.Actual,
          tone: 'actual',
        },
      ]}
    />
  )
}
