import { span } from '../ui/clock.js'
import { Note, Time } from '../ui/index.js'

/** More than two clocks that are set right differ by, in ms. */
const toleratedMs = 5 * 60_000

/** Warns whoever signs when the time that is signed is not this computer's. */
export function ClockNote({ at, here }: { readonly at: Date; readonly here: Date }) {
  const apart = Math.abs(at.getTime() - here.getTime())
  if (apart < toleratedMs) return null
  return (
    <Note tone="warn">
      <strong>
        The desk’s clock and this computer’s are {span(apart)} apart: it will bear <Time at={at} />,
        and here it is <Time at={here} />.
      </strong>
      <span>Look at another clock. If the desk’s is wrong, don’t sign: tell whoever runs it.</span>
    </Note>
  )
}
