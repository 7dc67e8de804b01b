import type { Page } from '@playwright/test'
import { inspect } from '../kit/look.js'
import { between } from '../kit/proxy.js'
import { ageNow, lookFor, skip } from '../kit/recovery.js'
import { banner, expect, live, signIn, test } from '../kit/test.js'

/** After more than 45 s, a head has to come: with the next heartbeat, if the node has none yet. */
const nextHead = { timeout: 30_000 }

const notice = (page: Page, headline: string) =>
  banner(page).getByRole('heading', { name: headline })

test('a dead network: says how old it is, and recovers', async ({ hub, patient }) => {
  const page = await patient()
  await hub.publish('The first notice')
  await expect(notice(page, 'The first notice')).toBeVisible()
  await expect(banner(page)).toContainText('Live')

  const old = await ageNow(page)
  await page.context().setOffline(true)
  await old('No connection to us. ')
  await expect(notice(page, 'The first notice')).toBeVisible()
  await inspect(page, 'portal-offline')
  await hub.publish('Sent meanwhile')
  await expect(notice(page, 'Sent meanwhile')).toBeHidden()

  const meanwhile = lookFor(page, 'Sent meanwhile')
  const back = Date.now()
  await page.context().setOffline(false)
  await meanwhile('the network is back', back)
  await expect(banner(page)).toContainText('Live')
})

test('a network that dies without a word', async ({ hub, somebody }) => {
  const way = await between(hub.url)
  const page = await somebody()
  await page.clock.install()
  await page.goto(way.url)
  await hub.publish('The first notice')
  await expect(notice(page, 'The first notice')).toBeVisible()
  await live(page)

  const old = await ageNow(page)
  way.freeze()
  await skip(page, 60_000)
  await old('')
  await expect(notice(page, 'The first notice')).toBeVisible()
  await hub.publish('Sent meanwhile')
  await expect(notice(page, 'Sent meanwhile')).toBeHidden()

  const meanwhile = lookFor(page, 'Sent meanwhile')
  const back = Date.now()
  way.thaw()
  // Nothing tells the page: the wait before its next attempt, at most a minute, is skipped.
  await skip(page, 60_000)
  await meanwhile('the network is back, and the next attempt due', back)
  await expect(banner(page)).toContainText('Live', nextHead)
  await way.close()
})

test('a laptop that slept', async ({ hub, somebody }) => {
  const way = await between(hub.url)
  const page = await somebody()
  await page.clock.install()
  await page.goto(way.url)
  await signIn(page)
  await hub.publish('The first notice')
  await expect(notice(page, 'The first notice')).toBeVisible()
  await live(page)

  // The lid is shut for an hour: nothing comes, nothing says so, no timer runs.
  const old = await ageNow(page)
  way.freeze()
  await hub.publish('Sent while it slept')
  await page.context().setOffline(true)
  await skip(page, 3_600_000)
  await old('No connection to us. ')
  await expect(notice(page, 'The first notice')).toBeVisible()
  await expect(notice(page, 'Sent while it slept')).toBeHidden()

  const meanwhile = lookFor(page, 'Sent while it slept')
  const awake = Date.now()
  way.thaw()
  await page.context().setOffline(false)
  await meanwhile('awake, with a network', awake)
  await expect(banner(page)).toContainText('Live', nextHead)

  // Another sleep, after which the network is there at once, and the connection only seems so.
  way.forsake()
  await hub.publish('Sent in the second sleep')
  const again = lookFor(page, 'Sent in the second sleep')
  const awakeAgain = Date.now()
  await skip(page, 3_600_000)
  await again('awake, on a connection that died without a word', awakeAgain)
  await way.close()
})

test('a server that is killed, and started again', async ({ hub, somebody }) => {
  const page = await somebody()
  await page.clock.install()
  await page.goto(hub.url)
  await signIn(page)
  await hub.publish('The first notice')
  await expect(notice(page, 'The first notice')).toBeVisible()
  await live(page)

  const old = await ageNow(page)
  await hub.kill()
  await old('')
  await expect(notice(page, 'The first notice')).toBeVisible()
  await inspect(page, 'portal-server-gone')
  // No attempt before it is due, so that the notice is there before the page is.
  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1000))

  const meanwhile = lookFor(page, 'Sent after the restart')
  await hub.restart()
  const listens = Date.now()
  await hub.publish('Sent after the restart')
  await skip(page, 60_000)
  await page.clock.resume()
  await meanwhile('the server listens again, and the next attempt is due', listens)
  await expect(banner(page)).toContainText('Live', nextHead)
})
