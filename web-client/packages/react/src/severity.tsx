import type { Severity } from '@tocsin/client'
import type { ReactNode } from 'react'

// One outline for each severity, so that it is told without colour.
const outlines: Readonly<Record<Severity, string>> = {
  Extreme: 'M8 2h8l6 6v8l-6 6H8l-6-6V8z',
  Severe: 'M12 2 23 21H1z',
  Moderate: 'M12 1 23 12 12 23 1 12z',
  Minor: 'M12 2a10 10 0 1 0 .01 0z',
  Unknown: 'M3 3h18v18H3z',
}

/** The shape of a severity. It says nothing to screen readers: the word beside it does. */
export function Shape({ severity }: { severity: Severity }): ReactNode {
  const grave = severity !== 'Minor' && severity !== 'Unknown'
  return (
    <svg className="tocsin-shape" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path className="tocsin-shape-outline" d={outlines[severity]} />
      <path className="tocsin-shape-mark" d={grave ? 'M12 8v6m0 3v.5' : 'M12 7v.5m0 3.5v6'} />
    </svg>
  )
}
