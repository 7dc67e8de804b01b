import { fileURLToPath } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

const folder = fileURLToPath(new URL('../screenshots/', import.meta.url))

/** Keeps a picture of the whole page, for a person to look at. */
export async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${folder}${name}.png`, fullPage: true, animations: 'disabled' })
}

/** axe finds nothing on the page as it is, and nothing scrolls sideways. Keeps a picture. */
export async function inspect(page: Page, name: string): Promise<void> {
  await shoot(page, name)
  const axe = new AxeBuilder({ page }).setLegacyMode()
  // Every rule is applied; what passed is not written down, which takes as long again.
  axe.options({ resultTypes: ['violations'] })
  // axe reads the colours that the page asked for, not those that the reader forced on it.
  if (await page.evaluate(() => matchMedia('(forced-colors: active)').matches))
    axe.disableRules('color-contrast')
  const { violations } = await axe.analyze()
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(' | ')}`)
  expect(found, `axe, ${name}`).toEqual([])
  const { wide, there } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth,
    there: document.documentElement.clientWidth,
  }))
  expect(wide, `${name} scrolls sideways`).toBeLessThanOrEqual(there)
}
