import type { Page } from '@playwright/test'
import { inspect } from '../kit/look.js'
import { banner, expect, live, signIn, test, toNorth } from '../kit/test.js'

const toMaya = {
  scope: 'Private',
  addresses: ['session:visit-pat-1'],
  restriction: 'Those in this call',
}

/** Everything that a page's origin keeps, as text; what is in base64, read too. */
async function kept(page: Page): Promise<string> {
  const stores = await page.evaluate(async () => {
    const databases = await indexedDB.databases()
    return JSON.stringify({
      local: { ...localStorage },
      own: { ...sessionStorage },
      cookie: document.cookie,
      databases: databases.map(({ name }) => name),
      caches: await caches.keys(),
    })
  })
  const cookies = JSON.stringify(await page.context().cookies())
  const encoded = stores.match(/[A-Za-z0-9+/_-]{40,}={0,2}/g) ?? []
  const read = encoded.map((text) => Buffer.from(text, 'base64').toString())
  return [stores, cookies, ...read].join('\n')
}

const notice = (page: Page, headline: string) =>
  banner(page).getByRole('heading', { name: headline })

test('after sign-out nothing that is not public is left, here or in another tab', async ({
  hub,
  patient,
}) => {
  const page = await patient()
  const other = await page.context().newPage()
  await other.goto(`${hub.url}/call`)
  await other.getByRole('button', { name: 'Join now' }).click()
  await live(other)
  await hub.publish('Open to all')
  await hub.publish('For the north clinic', toNorth)
  await hub.publish('For this visit', toMaya)
  const calls = other.locator('.tocsin-call-notices')
  await expect(calls.getByRole('heading', { name: 'For this visit' })).toBeVisible()
  await expect(calls.getByRole('heading', { name: 'For the north clinic' })).toBeVisible()
  await expect(notice(page, 'For the north clinic')).toBeVisible()
  await page.getByLabel(/Anything that we should know/).fill('It hurts')
  const before = await kept(page)
  expect(before).toContain('For the north clinic')
  expect(before).toContain('ticket')
  expect(before, 'private notices are never written down').not.toContain('For this visit')

  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByText('Nothing of yours is left on this computer.')).toBeVisible()
  for (const tab of [page, other]) {
    await expect(notice(tab, 'Open to all')).toBeVisible()
    await expect(tab.locator('body')).not.toContainText('For the north clinic')
    await expect(tab.locator('body')).not.toContainText('For this visit')
    await expect(tab.locator('body')).not.toContainText('Okafor, Maya')
    await expect(tab.locator('.account')).toBeHidden()
    const left = await kept(tab)
    for (const secret of ['ticket', 'north', 'pat-1', 'For this visit', 'It hurts', 'Maya'])
      expect(left, secret).not.toContain(secret)
    expect(left, 'what is public is kept').toContain('Open to all')
  }
  await inspect(page, 'portal-signed-out')

  await signIn(page, 'Daniel Ruiz')
  await expect(page.getByRole('heading', { name: 'Hello, Daniel' })).toBeVisible()
  await live(page)
  await expect(other.locator('.account')).toContainText('Daniel Ruiz')
  await expect(notice(page, 'Open to all')).toBeVisible()
  await expect(page.locator('body')).not.toContainText('For the north clinic')
  await expect(page.getByLabel(/Anything that we should know/)).toHaveValue('')
  expect(await kept(page)).not.toContain('For the north clinic')
})

test('a tab that was away while somebody signed out forgets, too', async ({ hub, patient }) => {
  const page = await patient()
  const other = await page.context().newPage()
  await other.goto(hub.url)
  await hub.publish('For the north clinic', toNorth)
  await expect(notice(other, 'For the north clinic')).toBeVisible()
  await other.goto('about:blank')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.locator('.account')).toBeHidden()
  await other.goBack()
  await expect(other.getByRole('heading', { name: 'Sign in to your patient portal' })).toBeVisible()
  await expect(other.locator('body')).not.toContainText('For the north clinic')
})

test('whoever poisons the sign-out keeps nothing of the next patient', async ({ hub, patient }) => {
  const page = await patient()
  const other = await page.context().newPage()
  await other.goto(hub.url)
  await hub.publish('Open to all')
  await hub.publish('For the north clinic', toNorth)
  for (const tab of [page, other]) await expect(notice(tab, 'For the north clinic')).toBeVisible()
  await other.evaluate(() => {
    localStorage.setItem('tocsin:out', 'Infinity')
    new BroadcastChannel('tocsin').postMessage('Infinity')
  })
  for (const tab of [page, other]) await tab.reload()
  await expect(notice(page, 'For the north clinic')).toBeVisible()
  await page.getByRole('button', { name: 'Sign out' }).click()
  for (const tab of [page, other]) {
    await expect(tab.locator('.account')).toBeHidden()
    await expect(notice(tab, 'Open to all')).toBeVisible()
    await expect(tab.locator('body')).not.toContainText('For the north clinic')
    const left = await kept(tab)
    for (const secret of ['ticket', 'north']) expect(left, secret).not.toContain(secret)
  }
})

test('a foreign record leaves the page alive', async ({ hub, patient }) => {
  const page = await patient()
  await hub.publish('Open to all')
  for (const record of ['{"a":1}', '5', 'true', '["",{"held":[],"live":1,"ticket":{"a":1}}]']) {
    await page.evaluate((text) => localStorage.setItem('tocsin', text), record)
    await page.reload()
    await expect(notice(page, 'Open to all')).toBeVisible()
    await live(page)
  }
})

test('no page may make a policy for Trusted Types', async ({ hub, patient, watch }) => {
  const page = await patient()
  const made = () =>
    page.evaluate(() => {
      const { trustedTypes } = globalThis as unknown as {
        trustedTypes: { createPolicy(name: string, rules: object): unknown }
      }
      try {
        return !!trustedTypes.createPolicy('mine', { createHTML: (text: string) => text })
      } catch {
        return false
      }
    })
  for (const url of ['', hub.desk]) {
    if (url) await page.goto(url)
    expect(await made()).toBe(false)
    // It is said, too; in all other tests nothing is. The event that the page hears comes last,
    // and later than the answer.
    await expect
      .poll(() => watch.wrongs)
      .toEqual([
        expect.stringContaining("trusted-types 'none'"),
        expect.stringContaining('the policy stopped trusted-types'),
      ])
    watch.wrongs.splice(0)
  }
})
