import type { Page } from '@playwright/test'
import {
  type AlertDocument,
  cap,
  newClinic,
  newKey,
  signed,
  t0,
} from '../../packages/client/test/kit/clinic.js'
import { entry, heartbeat, synced, welcome } from '../../packages/client/test/kit/frames.js'
import { scriptedNode } from '../../packages/client/test/kit/node.js'
import { between, cut, type Tamper } from '../kit/proxy.js'
import { banner, expect, live, test } from '../kit/test.js'

const headings = (page: Page) => banner(page).getByRole('heading', { level: 3 })
const typeOf = (frame: string) => (JSON.parse(frame) as { type: string }).type
const isEntry = (frame: string) => typeOf(frame) === 'entry'

/** Changes the entries of a frame list alone; the rest stays where it is. */
const onEntries =
  (change: (entries: string[]) => string[]): Tamper =>
  (frames) => {
    const entries = change(frames.filter(isEntry))
    const first = frames.findIndex(isEntry)
    if (first < 0) return frames
    const rest = frames.filter((frame) => !isEntry(frame))
    return [...rest.slice(0, first), ...entries, ...rest.slice(first)]
  }

/** Puts other words of the same length into what was signed. */
function flip(frame: string): string {
  const told = JSON.parse(frame) as { envelope?: { payload: string } }
  if (!told.envelope) return frame
  const text = Buffer.from(told.envelope.payload, 'base64').toString()
  told.envelope.payload = Buffer.from(text.replaceAll('True', 'Evil')).toString('base64')
  return JSON.stringify(told)
}

const harmless: [name: string, how: Tamper][] = [
  ['repeated', onEntries((entries) => entries.flatMap((one) => [one, one, one]))],
  ['repeated from the start', onEntries((entries) => [...entries, ...entries])],
  ['in reverse order', onEntries(([keyset = '', ...notices]) => [keyset, ...notices.reverse()])],
]
for (const [name, how] of harmless)
  test(`the real node's entries ${name}: nothing but what was signed`, async ({
    hub,
    somebody,
  }) => {
    await hub.publish('True, the first')
    const second = await hub.publish('True, the second')
    await hub.cancel(second, 'All is well.')
    const way = await between(hub.url)
    way.tamper(how)
    const page = await somebody()
    await page.goto(way.url)
    await live(page)
    await expect(headings(page).last()).toHaveText('True, the first')
    for (const heading of await headings(page).allTextContents())
      expect(heading).toMatch(/^True, the (first|second)$/)
    await expect(banner(page).locator('[data-phase=withdrawn]').first()).toContainText('second')
    await way.close()
  })

test('a tampered envelope never shows, in a replay or live', async ({ hub, somebody }) => {
  await hub.publish('True, in the replay')
  const way = await between(hub.url)
  way.tamper((frames) => frames.map(flip))
  const page = await somebody()
  await page.goto(way.url)
  const doubt = /Not updated|Some notices may be missing/
  await expect(banner(page)).toContainText(doubt)
  await expect(page.locator('.tocsin-centre')).toContainText(doubt)
  await expect(page.getByText('There are no notices.')).toHaveCount(0)
  await hub.publish('True, and live')
  await hub.publish('Signed words without the one that is changed')
  await expect(headings(page)).toHaveText(['Signed words without the one that is changed'])
  await way.close()
})

test('a replay that ends before synced is not taken for all', async ({ hub, somebody }) => {
  await hub.publish('True, the first')
  const way = await between(hub.url)
  const page = await somebody()
  await page.goto(way.url)
  await expect(headings(page)).toHaveText(['True, the first'])

  const second = await hub.publish('True, the second')
  await expect(headings(page)).toHaveCount(2)
  way.tamper((frames) => [...frames.filter((frame) => typeOf(frame) !== 'synced'), cut])
  way.freeze()
  way.thaw()
  await hub.cancel(second, 'All is well.')
  await expect(banner(page)).toContainText('Not updated since')
  await page.reload()
  await expect(headings(page)).toHaveCount(2)
  await expect(banner(page)).toContainText('Not updated since')

  way.tamper((frames) => frames)
  await expect(banner(page).locator('[data-phase=withdrawn]')).toBeVisible({ timeout: 60_000 })
  await expect(banner(page)).toContainText('Live')
  await way.close()
})

const clinic = await newClinic()
const keyset = await clinic.keyset()
// It stands after the others, since it is older.
const last = await clinic.publish(
  clinic.alert({ sent: cap(t0 - 120_000) }, { headline: 'The last, and true' }),
)
const alert = clinic.alert({}, { headline: 'First' })
const info = (alert.info as object[])[0]
const update = clinic.follow('Update', [alert], { info: [{ ...info, headline: 'Second' }] })
const publish = (notice: AlertDocument) => clinic.publish(notice)
const eve = await newKey('eve', 'publisher')

const attacks: [name: string, bodies: string[], shows: string[], lies?: 'lies'][] = [
  ['one signature too few', [await signed('notice', alert, clinic.ana)], [], 'lies'],
  ['the same signature twice', [await signed('notice', alert, clinic.ana, clinic.ana)], [], 'lies'],
  ["a stranger's signature", [await signed('notice', alert, clinic.ana, eve)], [], 'lies'],
  ['an Update before its Alert', [await publish(update), await publish(alert)], ['Second']],
  ['an Update without its Alert', [await publish(update)], [], 'lies'],
  [
    'an older keyset',
    [await clinic.keyset(1, { expires: cap(t0 + 1000) }, [eve]), await publish(alert)],
    ['First'],
  ],
  [
    'a keyset that no root signed',
    [await signed('keyset', { version: 2 }, eve), await signed('notice', alert, eve, clinic.ben)],
    [],
    'lies',
  ],
]
for (const [name, bodies, shows, lies] of attacks)
  test(`a node that sends ${name}`, async ({ hub, somebody }) => {
    let honest = false
    const node = await scriptedNode(async (caller) => {
      await caller.next('hello')
      caller.say(welcome(), entry(1, keyset))
      if (honest) return caller.say(entry(99, last), synced(99), heartbeat())
      caller.say(...bodies.map((body, i) => entry(i + 2, body)), synced(98))
      caller.say(entry(99, last), heartbeat())
    })
    const way = await between(hub.url, node.url)
    const page = await somebody()
    await page.route('**/dev/trust.pem', (route) => route.fulfill({ body: clinic.roots }))
    await page.goto(way.url)
    if (lies) {
      // It is not believed that this is all, and asked again for everything.
      await expect(banner(page)).toContainText('Not updated')
      await expect(headings(page)).toHaveText(shows)
      honest = true
    }
    await expect(headings(page)).toHaveText([...shows, 'The last, and true'], { timeout: 60_000 })
    await live(page)
    await way.close()
    await node.close()
  })

test('a page that could not fetch what verifies fetches it later', async ({ hub, somebody }) => {
  await hub.publish('True, the first')
  const page = await somebody()
  let refused = 0
  await page.route(/verifier-[^/]*\.js/, (route) => {
    refused++
    return route.abort()
  })
  await page.goto(hub.url)
  await expect.poll(() => refused).toBeGreaterThan(0)
  await expect(headings(page)).toHaveCount(0)
  await page.unrouteAll()
  await expect(headings(page)).toHaveText(['True, the first'], { timeout: 60_000 })
  await live(page)
})

test('a dev keyset counts on loopback only', async ({ hub, somebody, watch }) => {
  await hub.publish('Signed by the keys of a trial')
  const snapshot = (await (await fetch(`${hub.url}/v1/snapshot`)).json()) as {
    serverTime: string
    entries: { seq: number; envelope: object }[]
  }
  const away = 'https://portal.clinic.example'
  watch.home(away)
  const page = await somebody()
  await page.route(`${away}/**`, async (route) => {
    const path = route.request().url().slice(away.length)
    const got = await fetch(hub.url + path)
    await route.fulfill({
      status: got.status,
      headers: Object.fromEntries(got.headers),
      body: Buffer.from(await got.arrayBuffer()),
    })
  })
  let tell = () => {}
  const told = new Promise<void>((done) => {
    tell = done
  })
  await page.routeWebSocket(/\/v1\/connect$/, (socket) => {
    socket.onMessage(() => {
      const frames = [
        welcome({ serverTime: snapshot.serverTime }),
        ...snapshot.entries.map(({ seq, envelope }) => ({ type: 'entry', seq, envelope })),
        synced(),
        heartbeat({ serverTime: snapshot.serverTime }),
      ]
      for (const frame of frames) socket.send(JSON.stringify(frame))
      tell()
    })
  })
  await page.goto(away)
  await told
  // Nothing can be verified: the telephone number that the page has of its own stands there.
  await expect(banner(page)).toContainText('+1 555 010 0142')
  await expect(headings(page)).toHaveCount(0)
  await page.goto(hub.url)
  await expect(headings(page)).toHaveText(['Signed by the keys of a trial'])
})
