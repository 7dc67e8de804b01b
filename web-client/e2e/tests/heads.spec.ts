import type { Page } from '@playwright/test'
import { inspect } from '../kit/look.js'
import { between, type Tamper } from '../kit/proxy.js'
import { skip } from '../kit/recovery.js'
import { banner, expect, type Hub, live, test } from '../kit/test.js'

const headings = (page: Page) => banner(page).getByRole('heading', { level: 3 })
const mayLack = 'Some notices may be missing.'

interface Signed {
  readonly payload: string
}
const textOf = ({ payload }: Signed) => Buffer.from(payload, 'base64').toString()

/** Waits until a desk has signed that this notice stands in the log. */
const vouchedFor = (hub: Hub, headline: string) =>
  expect
    .poll(async () => {
      const { head, entries } = (await (await fetch(`${hub.url}/v1/snapshot`)).json()) as {
        head?: Signed
        entries: { seq: number; envelope: Signed }[]
      }
      const at = entries.find(({ envelope }) => textOf(envelope).includes(headline))?.seq
      return head && at ? (JSON.parse(textOf(head)) as { seq: number }).seq >= at : false
    })
    .toBe(true)

const honest: Tamper = (frames) => frames

const without =
  (headline: string): Tamper =>
  (frames) =>
    frames.filter((frame) => {
      const { envelope } = JSON.parse(frame) as { envelope?: Signed }
      return !envelope || !textOf(envelope).includes(headline)
    })

const withoutHeads: Tamper = (frames) =>
  frames.map((frame) => JSON.stringify({ ...JSON.parse(frame), head: undefined }))

test('a notice that is withheld: the page says that something may be missing', async ({
  hub,
  somebody,
}) => {
  await hub.publish('Passed on')
  await hub.publish('Kept back')
  await vouchedFor(hub, 'Kept back')
  const way = await between(hub.url)
  way.tamper(without('Kept back'))
  const page = await somebody()
  await page.goto(way.url)
  await expect(banner(page)).toContainText(mayLack)
  await expect(banner(page)).not.toContainText('Live')
  await expect(headings(page)).toHaveText(['Passed on'])
  await inspect(page, 'portal-withheld')

  way.tamper(honest)
  await expect(headings(page)).toHaveCount(2, { timeout: 60_000 })
  await live(page)
  await expect(banner(page)).not.toContainText(mayLack)
  await way.close()
})

test('heads that are left out: the node’s word is good for 45 s', async ({ hub, somebody }) => {
  const way = await between(hub.url)
  way.tamper(withoutHeads)
  const page = await somebody()
  await page.clock.install()
  await page.goto(way.url)
  await live(page)

  await skip(page, 46_000)
  await expect(banner(page)).toContainText(mayLack)

  way.tamper(honest)
  way.freeze()
  way.thaw()
  await skip(page, 60_000)
  await live(page)
  await way.close()
})
