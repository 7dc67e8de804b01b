import type { Page } from '@playwright/test'
import { inspect } from '../kit/look.js'
import { lookFor } from '../kit/recovery.js'
import { banner, expect, live, test, toNorth } from '../kit/test.js'

const notice = (page: Page, headline: string) =>
  banner(page).getByRole('heading', { name: headline })

/** Needs a login that is valid now; a ticket does not open it. */
const toWhoIsLoggedIn = { ...toNorth, scope: 'Private' }

test('a login that has ended: the ticket still opens what is for the clinic', async ({
  hub,
  patient,
}) => {
  const page = await patient()
  const panel = page.getByLabel('Demonstration controls')
  await live(page)
  await page.getByText('Break things').click()
  await page.getByRole('button', { name: 'Expire my token' }).click()
  await expect(panel).toContainText('degraded')
  await expect(panel).toContainText('token expired')
  const clinic = lookFor(page, 'For the north clinic')
  const sent = Date.now()
  await hub.publish('For the north clinic', toNorth)
  await clinic('sent, signed and approved, to an ended login', sent)
  await hub.publish('For whoever is logged in', toWhoIsLoggedIn)
  await hub.publish('For everybody')
  await expect(notice(page, 'For everybody')).toBeVisible()
  await expect(notice(page, 'For whoever is logged in')).toBeHidden()
  await expect(banner(page)).toContainText('Live')
  await inspect(page, 'portal-login-ended')
  await page.reload()
  await expect(notice(page, 'For the north clinic')).toBeVisible()
  await expect(banner(page)).toContainText('Live')

  const again = page.getByRole('button', { name: 'Log in again' })
  await again.waitFor()
  const meanwhile = lookFor(page, 'For whoever is logged in')
  const renewed = Date.now()
  await again.click()
  await meanwhile('logged in again', renewed)
  await expect(panel).toContainText('private: a login that is valid now')
})

test('a provider that is down: notices arrive, staff can send', async ({ hub, patient, staff }) => {
  const page = await patient()
  const panel = page.getByLabel('Demonstration controls')
  await live(page)
  await page.getByText('Break things').click()
  await page.getByRole('button', { name: 'Login provider down' }).click()
  await expect(panel).toContainText('degraded: keys-stale')
  await hub.publish('For whoever is logged in', toWhoIsLoggedIn)
  await hub.publish('For everybody')
  await expect(notice(page, 'For whoever is logged in')).toBeVisible()
  await expect(notice(page, 'For everybody')).toBeVisible()
  await inspect(page, 'portal-provider-down')

  const other = await patient()
  await expect(notice(other, 'For everybody')).toBeVisible()
  const console = await staff('publisher')
  await expect(console.getByRole('link', { name: 'For everybody' })).toBeVisible()
  await inspect(console, 'console-provider-down')

  // After half a minute the keys that the edge has are too old: the ticket speaks.
  await expect(panel).toContainText('degraded: keys-closed', { timeout: 40_000 })
  await hub.publish('For the north clinic', toNorth)
  await hub.publish('Sent meanwhile', toWhoIsLoggedIn)
  await expect(notice(page, 'For the north clinic')).toBeVisible()
  await expect(banner(page)).toContainText('Live')
  await expect(notice(page, 'Sent meanwhile')).toBeHidden()

  const meanwhile = lookFor(page, 'Sent meanwhile')
  const answers = Date.now()
  await page.getByRole('button', { name: 'Login provider up' }).click()
  // In dev mode the edge asks for keys every 3 s, since that is its refresh interval.
  await meanwhile('the provider answers again', answers, 3000)
  await expect(panel).toContainText('private: a login that is valid now')
})
