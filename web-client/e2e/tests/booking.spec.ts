import { inspect } from '../kit/look.js'
import { expect, live, phone, saying, test } from '../kit/test.js'

const pausing = (headline: string) =>
  saying(headline, { parameter: [{ valueName: 'directive', value: 'pause-booking' }] })

test('a pause stops the appointment form, keeps what was typed, and ends', async ({
  hub,
  patient,
}) => {
  const page = await patient()
  await live(page)
  await page.getByLabel('What is it for?').selectOption('checkUp')
  await page.getByLabel('Day', { exact: true }).fill('2027-03-01')
  await page.getByLabel('Telephone number to reach you').fill('+1 555 010 0199')
  const about = page.getByLabel(/Anything that we should know/)
  await about.fill('I use a wheelchair')

  const id = await hub.publish('A notice', pausing('Online booking is closed'))
  await expect(page.getByRole('heading', { name: 'Online booking is paused' })).toBeVisible()
  await inspect(page, 'portal-paused')
  const send = page.getByRole('button', { name: 'Booking is paused' })
  await expect(send).toHaveAttribute('aria-disabled', 'true')
  await send.click({ force: true })
  await expect(page.locator('#booking-paused')).toBeFocused()
  await expect(about).toHaveValue('I use a wheelchair')
  await page.reload()
  await expect(about).toHaveValue('I use a wheelchair')
  await expect(page.getByRole('heading', { name: 'Online booking is paused' })).toBeVisible()

  await hub.cancel(id, 'Booking works again.')
  await expect(page.getByText('Booking is open again.')).toBeVisible()
  await page.getByRole('button', { name: 'Request appointment' }).click()
  await expect(page.getByText('Your request has been sent')).toBeVisible()
  await inspect(page, 'portal-booked')
})

test('an exercise stops nothing', async ({ hub, patient }) => {
  const page = await patient('/', phone)
  await live(page)
  await hub.publish('A notice', { status: 'Exercise', ...pausing('A drill') })
  await expect(page.locator('.tocsin-banner')).toContainText('EXERCISE')
  await expect(page.locator('.tocsin-banner')).toContainText('This is practice.')
  await inspect(page, 'portal-exercise-phone')
  await expect(page.getByRole('button', { name: 'Request appointment' })).toBeVisible()
})
