// The real hub, and the people around it: patients, staff, and somebody who watches.

import {
  type BrowserContext,
  type BrowserContextOptions,
  expect,
  type Page,
  test as plain,
} from '@playwright/test'
import { type Hub, startHub } from '../../packages/client/test/kit/hub.js'
import { hear } from './heard.js'
import { type Watch, watchFor } from './watch.js'

export { expect, type Hub }

export const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
}

type Somebody = (options?: BrowserContextOptions) => Promise<Page>

interface Around {
  /** A hub of this test's own. */
  readonly hub: Hub
  /** Notes what no page may do: it fails the test at its end. */
  readonly watch: Watch
  /** An empty browser of its own, listened to and watched. */
  readonly somebody: Somebody
  /** A patient's browser at a page of the portal, signed in as Maya Okafor. */
  readonly patient: (path?: '/' | '/call', options?: BrowserContextOptions) => Promise<Page>
  /** Staff at the console, signed in with that key. */
  readonly staff: (key: 'publisher' | 'approver', options?: BrowserContextOptions) => Promise<Page>
}

export const test = plain.extend<Around>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of what is needed
  hub: async ({}, use) => {
    const hub = await startHub()
    await use(hub)
    await hub.stop()
  },
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of what is needed
  watch: async ({}, use) => {
    const watch = watchFor()
    await use(watch)
    expect(watch.wrongs, 'what no page may do').toEqual([])
  },
  somebody: async ({ browser, watch }, use) => {
    const contexts: BrowserContext[] = []
    await use(async (options) => {
      const context = await browser.newContext(options)
      contexts.push(context)
      await watch.over(context)
      await hear(context)
      return context.newPage()
    })
    // What a test changes on its way to a page may be under way when it ends.
    const pages = contexts.flatMap((context) => context.pages())
    await Promise.all(pages.map((page) => page.unrouteAll({ behavior: 'ignoreErrors' })))
    await Promise.all(contexts.map((context) => context.close()))
  },
  patient: async ({ hub, somebody }, use) => {
    await use(async (path = '/', options) => {
      const page = await somebody(options)
      await page.goto(hub.url + path)
      await signIn(page)
      return page
    })
  },
  staff: async ({ hub, somebody }, use) => {
    await use(async (key, options) => {
      const page = await somebody(options)
      await page.goto(hub.desk)
      await openKey(page, hub.keyFile(key))
      await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible()
      return page
    })
  },
})

/** Signs a patient in at the portal. */
export async function signIn(page: Page, name = 'Maya Okafor'): Promise<void> {
  await page.locator('.patient', { hasText: name }).click()
  await expect(page.locator('.account')).toBeVisible()
}

/** Reads a key file into a console that has none. */
export async function openKey(page: Page, file: string): Promise<void> {
  await page.getByLabel('Your key file').setInputFiles(file)
}

/** The banner of the portal. */
export const banner = (page: Page) => page.locator('.tocsin-banner')
/** The notices above a call. */
export const callBanner = (page: Page) => page.locator('.tocsin-call-notices')

/** Waits until the page has heard from the hub that what it shows is the newest. */
export async function live(page: Page): Promise<void> {
  const line = page.locator('.tocsin-freshness, .call-fresh').first()
  await expect(line).toHaveAttribute('data-freshness', 'live')
}

/** Of a notice: for the patients of one clinic only, which is Maya Okafor's. */
export const toNorth = {
  scope: 'Restricted',
  addresses: ['tenant:north'],
  restriction: 'Patients of the north clinic',
}

/** Of a notice: its content in one language or several, each a change of the usual one. */
export function saying(headline: string, ...infos: object[]) {
  const usual = {
    language: 'en-US',
    category: ['Health'],
    event: headline,
    urgency: 'Immediate',
    severity: 'Severe',
    certainty: 'Observed',
    expires: `${new Date(Date.now() + 7_200_000).toISOString().slice(0, 19)}-00:00`,
    headline,
    instruction: 'Call us, please. In an emergency, call your local emergency number.',
    description: 'A pump has failed. It is being repaired.',
    contact: 'Harbour View reception, +1 555 010 0142',
  }
  return { info: (infos.length > 0 ? infos : [{}]).map((info) => ({ ...usual, ...info })) }
}
