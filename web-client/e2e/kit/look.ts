import { fileURLToPath } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page, type ViewportSize } from '@playwright/test'

const folder = fileURLToPath(new URL('../screenshots/', import.meta.url))

/**
 * Keeps a picture of the whole page, for a person to look at, if $PICTURES is set: all of them
 * take a sixth of the run's time.
 */
export async function shoot(page: Page, name: string): Promise<void> {
  if (!process.env.PICTURES) return
  await page.screenshot({ path: `${folder}${name}.png`, fullPage: true, animations: 'disabled' })
}

async function audit(page: Page, name: string): Promise<void> {
  // axe reads the colours that the page asked for, not those that the reader forced on it; all
  // else is in other looks as it is here.
  if (await page.evaluate(() => matchMedia('(forced-colors: active)').matches)) return
  const axe = new AxeBuilder({ page }).setLegacyMode()
  // Every rule is applied; what passed is not written down, which takes as long again.
  axe.options({ resultTypes: ['violations'] })
  const { violations } = await axe.analyze()
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(' | ')}`)
  expect(found, `axe, ${name}`).toEqual([])
}

/** axe finds nothing on the page as it is, and nothing scrolls sideways. */
export async function inspect(page: Page, name: string): Promise<void> {
  await shoot(page, name)
  await audit(page, name)
  const { wide, there } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth,
    there: document.documentElement.clientWidth,
  }))
  expect(wide, `${name} scrolls sideways`).toBeLessThanOrEqual(there)
}

interface Look {
  readonly viewport?: ViewportSize
  readonly media?: Parameters<Page['emulateMedia']>[0]
}

const narrow = { viewport: { width: 320, height: 568 } }
const looks: Record<string, Look> = {
  small: narrow,
  '320': narrow,
  'arabic-320': narrow,
  dark: { media: { colorScheme: 'dark' } },
  'forced-colours': { media: { forcedColors: 'active', colorScheme: 'dark' } },
}

/** Inspects a page in one look after the other, whose names stand for the * in its own. */
export async function inspectLooks(page: Page, names: readonly string[], name: string) {
  const own = page.viewportSize()
  for (const look of names) {
    const { viewport = own, media } = looks[look] ?? {}
    if (viewport) await page.setViewportSize(viewport)
    await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none', ...media })
    await inspect(page, name.replace('*', look))
  }
}
