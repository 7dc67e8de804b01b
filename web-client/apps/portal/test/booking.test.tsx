import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import type { Info, ShownNotice } from '@tocsin/client'
import { TocsinProvider } from '@tocsin/react'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { builtInContacts } from '../src/clinic.js'
import type { Requested } from '../src/home/appointments.js'
import { Booking } from '../src/home/booking.js'
import { dayOf, loadDraft } from '../src/home/booking-form.js'
import { openLogin } from '../src/login.js'
import { PortalContext } from '../src/portal-context.js'
import { texts } from '../src/texts/index.js'
import { handClient, open } from './hand-client.js'

const info: Info = {
  language: 'en-US',
  category: ['Infra'],
  event: 'Booking down',
  urgency: 'Immediate',
  severity: 'Severe',
  certainty: 'Observed',
  headline: 'Booking is not working',
  instruction: 'Call us to make an appointment.',
  parameter: [{ valueName: 'directive', value: 'pause-booking' }],
}
const notice = {
  identifier: 'n1',
  sender: 'clinic.example',
  sent: '2026-03-02T14:00:00-00:00',
  status: 'Actual',
  msgType: 'Alert',
  scope: 'Public',
  info: [info],
} as const
const pausing: ShownNotice = {
  identifier: 'n1',
  revision: 0,
  hash: 'n1/0',
  phase: 'active',
  mayHaveEnded: false,
  notice,
  current: notice,
  history: [notice],
  sent: new Date(notice.sent),
  expires: null,
  nextUpdateBy: null,
  withdrawnAt: null,
  withdrawnNote: '',
  signers: ['ana', 'ben'],
}
function show() {
  const { client, know, set } = handClient()
  const sent: Requested[] = []
  const login = openLogin({ shared: localStorage, own: sessionStorage, fetch })
  const portal = {
    login,
    language: 'en',
    languages: ['en'],
    choose: () => {},
    t: texts.en,
  } as const
  render(
    <PortalContext value={portal}>
      <TocsinProvider client={client} builtInContacts={builtInContacts} announce={false}>
        <Booking onSent={(request) => sent.push(request)} />
      </TocsinProvider>
    </PortalContext>,
  )
  return { know, set, sent }
}

const about = () => screen.getByLabelText<HTMLTextAreaElement>(/should know beforehand/)
const button = () => screen.getByRole('button')
const fillIn = () => {
  fireEvent.change(screen.getByLabelText('What is it for?'), { target: { value: 'followUp' } })
  fireEvent.change(screen.getByLabelText('Day'), { target: { value: dayOf(new Date()) } })
  fireEvent.change(screen.getByLabelText(/Telephone number/), { target: { value: '555 0100 142' } })
  fireEvent.change(about(), { target: { value: 'My knee hurts.' } })
}

beforeEach(() => sessionStorage.clear())
afterEach(cleanup)

it('sends what was filled in, and says so where the focus is', () => {
  const { sent } = show()
  fillIn()
  fireEvent.click(button())
  expect(sent).toMatchObject([{ cause: 'followUp', way: 'inPerson' }])
  expect(document.activeElement?.textContent).toBe(texts.en.sentTitle)
  expect(loadDraft(sessionStorage).about).toBe('')
})

it('names what is missing, and sends nothing', () => {
  const { sent } = show()
  fireEvent.click(button())
  expect(sent).toEqual([])
  expect(document.activeElement?.textContent).toContain(texts.en.missing.cause)
  expect(screen.getByLabelText('Day').getAttribute('aria-invalid')).toBe('true')
})

it('is stopped by pause-booking, keeps what was typed, and opens again by itself', () => {
  const { set, sent } = show()
  fillIn()
  about().focus()
  set({ notices: [pausing] })
  expect(document.activeElement).toBe(about())
  expect(button().getAttribute('aria-disabled')).toBe('true')
  expect(screen.getByText('Booking is not working')).toBeTruthy()
  expect(screen.getByText('Call us to make an appointment.')).toBeTruthy()
  expect(screen.getByText('+1 555 010 0142')).toBeTruthy()

  fireEvent.click(button())
  expect(sent).toEqual([])
  expect(document.activeElement?.id).toBe('booking-paused')
  fireEvent.change(about(), { target: { value: 'My knee hurts a lot.' } })

  set({ notices: [] })
  expect(screen.getByText(`${texts.en.reopened} ${texts.en.stillHere}`)).toBeTruthy()
  expect(about().value).toBe('My knee hurts a lot.')
  fireEvent.click(button())
  expect(sent).toHaveLength(1)
})

it('says nothing of what was typed where nothing was', () => {
  const { set } = show()
  set({ notices: [pausing] })
  expect(screen.getByText(texts.en.pausedOpens)).toBeTruthy()
  expect(screen.queryByText(/typed/)).toBeNull()
  set({ notices: [] })
  expect(screen.getByText(texts.en.reopened)).toBeTruthy()
  expect(screen.queryByText(/typed/)).toBeNull()
})

it('says that a pause may be out of date while the page is not connected', () => {
  const { set } = show()
  set({ notices: [pausing] })
  expect(screen.queryByText(texts.en.pausedOld)).toBeNull()
  set({ freshness: { ...open.freshness, state: 'stale', reason: 'offline' } })
  expect(screen.getByText(texts.en.pausedOld)).toBeTruthy()
})

it('does not send once a pause is known, even before it is drawn', () => {
  const { know, sent } = show()
  fillIn()
  know({ notices: [pausing] })
  expect(button().getAttribute('aria-disabled')).toBe('false')
  fireEvent.click(button())
  expect(sent).toEqual([])
  expect(about().value).toBe('My knee hurts.')
})
