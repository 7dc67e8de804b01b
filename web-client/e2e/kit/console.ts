// What one person of the staff hands to another, and what each has to type.

import { expect, type Locator, type Page } from '@playwright/test'

/** The link that the page shows, to be sent to a colleague. */
export async function linkOn(page: Page, to: 'approve' | 'invite'): Promise<string> {
  return (await page.locator('code', { hasText: `/#/${to}` }).textContent()) ?? ''
}

/** What a dialog wants typed before something real is signed, and where. */
export async function confirmationOf(dialog: Locator): Promise<[field: Locator, text: string]> {
  const words = /Type (ACTUAL \d+) to confirm/
  const label = dialog.locator('label', { hasText: words })
  return [dialog.getByLabel(words), words.exec((await label.textContent()) ?? '')?.[1] ?? '']
}

/** Gives the last signature to what waits on another's page. */
export async function signToo(page: Page, waiting: Page): Promise<void> {
  await page.goto(await linkOn(waiting, 'approve'))
  await page.getByLabel(/I have read/).check()
  await page.getByRole('button', { name: /and publish/ }).click()
  await expect(page.getByRole('heading', { name: /^Signed and/ })).toBeVisible()
}

/** Reads a key file into a console, to be kept there under a passphrase. */
export async function keepKey(page: Page, file: string, passphrase: string): Promise<void> {
  await page.getByLabel('Keep the key in this browser').check()
  await page.getByLabel('Your key file').setInputFiles(file)
  await page.getByLabel('Passphrase of the key').fill(passphrase)
  await page.getByLabel('The passphrase again').fill(passphrase)
  await page.getByRole('button', { name: 'Open the key' }).click()
}
