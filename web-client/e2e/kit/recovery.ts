// How soon after the end of an outage a page shows what was sent meanwhile.

import { expect, type Page, test } from '@playwright/test'
import { banner } from './test.js'

/** Issue 4, point 3. */
const soon = 2000

/** What a banner says of its age, if it was live until now, in the reader's words. */
export async function ageNow(page: Page): Promise<(outage: string) => Promise<void>> {
  const time = () =>
    page.evaluate(() => new Date().toLocaleTimeString('en', { hour: 'numeric', minute: '2-digit' }))
  // What was heard last may be a heartbeat old.
  const times = [await page.evaluate(heartbeatAgo), await time()]
  const said = times.map((text) => text.replace(/\s/g, '\\s')).join('|')
  return async (outage) => {
    await expect(banner(page)).toContainText(new RegExp(`${outage}Not updated since .*(${said})`))
    await expect(banner(page)).not.toContainText('Live')
  }
}

function heartbeatAgo(): string {
  const then = new Date(Date.now() - 17_000)
  return then.toLocaleTimeString('en', { hour: 'numeric', minute: '2-digit' })
}

/**
 * Begins to look for a notice. What it gives holds its appearance to 2 s after an event, and
 * tells the figure; `granted` is what the protocol makes a page wait besides.
 */
export function lookFor(page: Page, headline: string) {
  const shown = page.evaluate(untilShown, headline).then(() => Date.now())
  shown.catch(() => {}) // a test that fails before closes the page
  return async (event: string, since: number, granted = 0) => {
    const took = (await shown) - since
    const besides = granted ? `, of which ${granted} ms at most are the pace of retries` : ''
    const description = `${event}: shown ${took} ms later${besides}`
    test.info().annotations.push({ type: 'recovery', description })
    expect(took, description).toBeLessThanOrEqual(soon + granted)
  }
}

/**
 * Lets time pass for a page, as in a machine that slept: its clock goes on, its ticks do not. By
 * ticks, in which nothing passed at the desk, its heads would seem to be played late.
 */
export async function skip(page: Page, ms: number): Promise<void> {
  await page.clock.setSystemTime((await page.evaluate(() => Date.now())) + ms)
  await page.clock.fastForward(1000) // what is due is done
}

/** No timer of the page is used: tests move its clock. */
function untilShown(headline: string): Promise<void> {
  return new Promise((done) => {
    const look = () => {
      const headings = document.querySelectorAll('.tocsin-banner h3')
      if ([...headings].some((h) => h.textContent?.includes(headline) && h.checkVisibility()))
        done()
    }
    new MutationObserver(look).observe(document, {
      subtree: true,
      childList: true,
      attributes: true,
    })
    look()
  })
}
