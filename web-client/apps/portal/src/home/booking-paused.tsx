import { chooseInfo, type Directive } from '@tocsin/client'
import { Telephone, useContacts } from '@tocsin/react'
import type { ReactNode, RefObject } from 'react'
import { usePortal } from '../portal-context.js'
import { cardsFor } from './contacts.js'

interface BookingPausedProps {
  readonly pause: Directive
  /** There is something in the form that is kept. */
  readonly typed: boolean
  readonly box: RefObject<HTMLDivElement | null>
}

/** Why the form is stopped, and what to do instead: in the notice's own words. */
export function BookingPaused({ pause, typed, box }: BookingPausedProps): ReactNode {
  const { t, language, languages } = usePortal()
  const card = cardsFor(useContacts(), language)[0]
  return (
    <div className="paused" id="booking-paused" ref={box} tabIndex={-1}>
      <h3>{t.pausedTitle}</h3>
      {pause.notices.map((shown) => {
        const { info } = chooseInfo(shown.notice, languages)
        return (
          <div key={shown.identifier} lang={info.language ?? 'en-US'} dir="auto">
            <p>
              <strong>{info.headline ?? info.event}</strong>
            </p>
            {info.instruction && <p className="as-written">{info.instruction}</p>}
          </div>
        )
      })}
      {card?.telephone && (
        <p>
          {t.pausedCall} <Telephone number={card.telephone} />
        </p>
      )}
      <p>
        {typed && t.pausedKept} {t.pausedOpens}
      </p>
      {pause.freshness.state !== 'live' && <p>{t.pausedOld}</p>}
    </div>
  )
}
