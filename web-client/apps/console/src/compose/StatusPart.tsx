import { Cards } from '../ui/index.js'
import type { Draft } from './draft.js'

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
      legend="Is it an exercise, or real?"
      value={status}
      onChange={onChange}
      disabled={fixed}
      cards={[
        {
          value: 'Exercise',
          name: 'EXERCISE',
          hint: 'A drill. Readers see it, marked as an exercise. It stops nothing.',
          tone: 'exercise',
        },
        {
          value: 'Actual',
          name: 'ACTUAL',
          hint: 'It is real. Readers will act on it.',
          tone: 'actual',
        },
      ]}
    />
  )
}
