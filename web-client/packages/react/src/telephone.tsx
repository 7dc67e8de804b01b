import type { ReactNode } from 'react'

// Digits, with what people write between them; brackets in whole pairs.
const written = /(\+?(?:\(\d+\)|\d)(?:[ \xa0.-]{0,2}(?:\(\d+\)|\d))+)/

// With a +, or as within one country: 0…, (0…), 555-010-0142 with or without its 1.
const dialled = /^\+|^\(?0|^(1\D)?\(?\d{3}\D\D?\d{3}\D\d{4}$/
// An hour may stand behind it: better no link than a wrong one.
const doubtful = /\d{3}\s\d\d?([.-]\d.*)?$/

/**
 * Plain text. A telephone number in it reads from left to right, in right-to-left languages
 * too, where its groups would change places. `callable` makes links of those that are plainly
 * numbers.
 */
export function plain(text: string, callable = false): ReactNode {
  return text.split(written).map((run, i) => {
    const { length } = run.replace(/\D/g, '')
    if (i % 2 === 0 || length < 7) return run
    const whole = run[0] === '+' || (length > 8 && length < 12)
    const link = callable && whole && dialled.test(run) && !doubtful.test(run)
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text keep their places
    return <Telephone key={i} number={run} link={link} />
  })
}

export interface TelephoneProps {
  /** As people write it. */
  readonly number: string
  readonly link?: boolean
}

/** A telephone number, to be called by pressing it (RFC 3966). */
export function Telephone({ number, link = true }: TelephoneProps): ReactNode {
  const digits = number.replace(/^(\+.*)\(0\)/, '$1').replace(/[^+\d*#]/g, '')
  const shown = <bdi dir="ltr">{number}</bdi>
  return link && /^\+?[\d*#]{2,15}$/.test(digits) ? (
    <a className="tocsin-telephone" href={`tel:${digits.replaceAll('#', '%23')}`}>
      {shown}
    </a>
  ) : (
    shown
  )
}
