import type { Page } from '@playwright/test'
import { keepKey } from '../kit/console.js'
import { inspect, inspectLooks } from '../kit/look.js'
import { expect, type Hub, openKey, phone, saying, test } from '../kit/test.js'

const pages = [
  ['', 'Board'],
  ['new', 'Send a notice'],
  ['connected', ''],
  ['contacts', ''],
  ['cohorts', ''],
  ['staff', ''],
  ['posture', ''],
  ['key', 'Your key'],
  ['nowhere', 'There is no such page'],
] as const

const small = { viewport: { width: 320, height: 568 } }

/** Opens one page of the console after the other, while a notice shows. */
async function everyPage(hub: Hub, page: Page, each: (name: string) => Promise<void>) {
  await hub.publish('Something shows')
  await hub.publish(`https://${'long'.repeat(30)}.example/`)
  await expect(page.getByRole('link', { name: 'Something shows' })).toBeVisible()
  for (const [path, title] of pages) {
    await page.goto(`${hub.desk}/#/${path}`)
    const heading = page.getByRole('main').getByRole('heading', { level: 1 })
    await expect(heading).toContainText(title)
    await expect(page.getByRole('status', { name: /Loading/ })).toHaveCount(0)
    await each(path || 'board')
  }
}

test('every page of the console: phone', async ({ hub, staff }) => {
  const page = await staff('publisher', phone)
  await everyPage(hub, page, (name) => inspect(page, `console-phone-${name}`))
})

test('every page of the console: small, dark, forced-colours', async ({ hub, staff }) => {
  const page = await staff('publisher')
  await everyPage(hub, page, (name) =>
    inspectLooks(page, ['small', 'dark', 'forced-colours'], `console-*-${name}`),
  )
})

test('a console that is loaded again: a kept key needs its passphrase, another its file', async ({
  hub,
  somebody,
}) => {
  const page = await somebody()
  await page.goto(hub.desk)
  await keepKey(page, hub.keyFile('publisher'), 'four words are good')
  await expect(page.getByRole('heading', { name: 'Board' })).toBeVisible()
  await page.reload()
  const passphrase = page.getByLabel('Passphrase of dev-publisher')
  await passphrase.fill('four words are bad!')
  await page.getByRole('button', { name: 'Continue as dev-publisher' }).click()
  await expect(page.getByText('The passphrase does not fit')).toBeVisible()
  await passphrase.fill('four words are good')
  await page.getByRole('button', { name: 'Continue as dev-publisher' }).click()
  await expect(page.getByRole('heading', { name: 'Board' })).toBeVisible()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(passphrase).toBeVisible()
  await inspect(page, 'console-choose-key')
  await page.getByRole('button', { name: 'Use another key' }).click()
  await openKey(page, hub.keyFile('approver'))
  await expect(page.getByRole('link', { name: 'dev-approver' })).toBeVisible()
})

test('a root key is not taken in, and is told where it belongs', async ({ hub, somebody }) => {
  const page = await somebody()
  await page.goto(hub.desk)
  await openKey(page, hub.keyFile('root'))
  await expect(page.getByText(/This is a root key/)).toBeVisible()
  await inspect(page, 'console-root-key')
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Open your key' })).toBeVisible()
})

test('a key that is not in the keyset is refused in plain words', async ({ hub, somebody }) => {
  const page = await somebody()
  await page.goto(hub.desk)
  await page.getByRole('button', { name: 'Make a key' }).click()
  await page.getByLabel('Your name in Tocsin').fill('ana-ruiz')
  await page.getByLabel('Passphrase of the key').fill('four words are good')
  await page.getByLabel('The passphrase again').fill('four words are good')
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Make the key and save its backup' }).click()
  expect((await saved).suggestedFilename()).toBe('tocsin-key-ana-ruiz.json')
  const again = page.waitForEvent('download')
  await page.getByRole('button', { name: 'save it again' }).click()
  expect((await again).suggestedFilename()).toBe('tocsin-key-ana-ruiz.json')
  await inspect(page, 'console-key-made')
  await page.getByRole('button', { name: 'I have put the file away' }).click()
  await expect(page.getByRole('heading', { name: 'Not signed in' })).toBeVisible()
  await inspect(page, 'console-refused')
})

test('whoever opens the link on a telephone without a key is told what to do', async ({
  hub,
  somebody,
}) => {
  const page = await somebody(phone)
  await page.goto(`${hub.desk}/#/approve/0193a0e0-0000-7000-8000-000000000001`)
  const asked = page.getByRole('heading', { name: 'A colleague asks for your signature' })
  await expect(asked).toBeVisible()
  await expect(page.getByText('On the device where your key is.')).toBeVisible()
  await inspect(page, 'console-phone-no-key')
  await openKey(page, hub.keyFile('approver'))
  await expect(page.getByRole('heading', { name: 'Nothing waits here' })).toBeVisible()
})

/** Makes an Update of what shows, with other words in its first language; gives its page. */
async function propose(page: Page, headline: string, to: string) {
  await page.getByRole('link', { name: headline }).click()
  await page.getByRole('link', { name: 'Update it' }).click()
  await page.getByLabel('Headline').fill(to)
  await page.getByRole('button', { name: 'Check and sign' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(/to confirm/).fill('ACTUAL 0')
  await dialog.getByRole('button', { name: 'Sign and ask' }).click()
  await expect(page.getByText('Nobody sees it yet.')).toBeVisible()
  return page.url()
}

test('who approves an update sees what it changes; who asked for it sees at once that it is out', async ({
  hub,
  staff,
}) => {
  const { info } = saying('Calls are down', {}, { language: 'es', headline: 'No hay llamadas' })
  await hub.publish('Calls are down', { info })
  const publisher = await staff('publisher')
  const link = await propose(publisher, 'Calls are down', 'Calls are back')
  const approver = await staff('approver', phone)
  await approver.goto(link)
  const words = approver.getByRole('region', { name: 'English' })
  await expect(words.locator('del')).toHaveText(/down/)
  await expect(words.locator('ins')).toHaveText(/back/)
  await expect(approver.getByText('Words as before: Spanish.')).toBeVisible()
  await inspect(approver, 'console-approve-update-phone')
  await approver.getByText(/The exact text that is signed/).click()
  await expect(approver.locator('pre')).toContainText('"headline":"Calls are back"')
  await approver.getByLabel(/I have read it/).check()
  await approver.getByRole('button', { name: /and publish/ }).click()
  await expect(approver.getByText('Readers see it now.')).toBeVisible()
  await expect(publisher.getByText('Readers see it now.')).toBeVisible({ timeout: 4_000 })
})

test('an update of what was withdrawn meanwhile is not to be signed', async ({ hub, staff }) => {
  const id = await hub.publish('Calls are down', saying('Calls are down'))
  const link = await propose(await staff('publisher'), 'Calls are down', 'Calls are back')
  await hub.cancel(id, 'It is over.')
  const approver = await staff('approver', phone)
  await expect(approver.getByText('overtaken')).toBeVisible()
  await approver.goto(link)
  await expect(approver.getByRole('heading', { name: 'Nothing is left to sign' })).toBeVisible()
  await expect(approver.getByText(/The notice is withdrawn, for good/)).toBeVisible()
  await expect(approver.getByRole('button', { name: /Sign as/ })).toHaveCount(0)
  await inspect(approver, 'console-overtaken-phone')
})

test('a desk that puts another text under a link is found out', async ({ hub, staff }) => {
  await hub.publish('Calls are down', saying('Calls are down'))
  const publisher = await staff('publisher')
  const link = await propose(publisher, 'Calls are down', 'Calls are back')
  const approver = await staff('approver', phone)
  await approver.goto(link)
  await approver.getByLabel(/I have read it/).check()
  await approver.route('**/v1/proposals/*', async (route) => {
    const answer = await route.fetch()
    const proposal = await answer.json()
    const text = Buffer.from(proposal.envelope.payload, 'base64').toString()
    const other = text.replace('Calls are back', 'Call 555 0199!')
    proposal.envelope.payload = Buffer.from(other).toString('base64')
    await route.fulfill({ response: answer, json: proposal })
  })
  await expect(approver.getByRole('heading', { name: 'Don’t sign this' })).toBeVisible()
  await expect(approver.getByRole('button', { name: /Sign as/ })).toHaveCount(0)
})

test('a desk that fails is said to, on every page, in a small window', async ({ hub, staff }) => {
  const page = await staff('publisher', small)
  await page.route('**/v1/**', (route) =>
    /challenge|session/.test(route.request().url())
      ? route.fallback()
      : route.fulfill({ status: 503, body: 'gone' }),
  )
  const failing = [
    '',
    'connected',
    'contacts',
    'cohorts',
    'staff',
    'posture',
    'notice/x',
    'update/x',
  ]
  for (const path of [...failing, 'approve/x']) {
    await page.goto(`${hub.desk}/#/${path}`)
    await expect(page.getByRole('alert')).toContainText('What answered is not the desk.')
    await expect(page.getByRole('alert')).toContainText('tell your administrator')
    await inspect(page, `console-small-503-${path.replace('/', '-') || 'board'}`)
  }
})

test('the board: what is real stands first; a network that is gone is said', async ({
  hub,
  staff,
}) => {
  await hub.publish('A drill', { status: 'Exercise', ...saying('A drill') })
  await hub.publish('It is real')
  await hub.publish('Another drill', { status: 'Exercise', ...saying('Another drill') })
  const page = await staff('publisher')
  const showing = page.locator('section', { hasText: 'Showing now' }).getByRole('link')
  await expect(showing).toHaveText(['It is real', 'Another drill', 'A drill'])
  await page.context().setOffline(true)
  await expect(page.getByRole('alert')).toContainText('The desk does not answer.')
  await expect(page.getByText('What stands here was so when the desk last answered.')).toBeVisible()
  await inspect(page, 'console-offline')
  await page.context().setOffline(false)
  await expect(page.getByRole('alert')).toHaveCount(0)
})

test('a desk that is down: every page opens, and none says to load again', async ({
  hub,
  staff,
}) => {
  const page = await staff('publisher')
  await expect(page.getByText('Nothing. Portals and calls show no notice.')).toBeVisible()
  await hub.kill()
  const title = page.getByRole('main').getByRole('heading', { level: 1 })
  const names = ['Send a notice', 'Connected', 'Contact cards', 'Cohorts', 'People and keys']
  for (const name of [...names, 'Posture', 'Board']) {
    await page.getByRole('navigation').getByRole('link', { name }).click()
    await expect(title).toHaveText(name)
  }
})

test('while the login provider is down, staff sign in and read', async ({ hub, staff }) => {
  await fetch(`${hub.url}/dev/provider?state=down`, { method: 'POST' })
  const page = await staff('publisher')
  await expect(page.getByRole('heading', { name: 'Nothing is showing' })).toBeVisible()
  await page.goto(`${hub.desk}/#/posture`)
  await expect(page.getByText('Every login that is valid is believed.')).toBeVisible()
})

test('a link that was cut, and a page that fails', async ({ hub, staff, watch }) => {
  const page = await staff('publisher')
  await page.goto(`${hub.desk}/#/notice/%E0%A4`)
  await expect(page.getByRole('heading', { name: 'There is no such page' })).toBeVisible()
  // Something fails while the page is drawn, and then no more.
  await page.evaluate(() => {
    const { prototype } = Intl.NumberFormat
    const own = Object.getOwnPropertyDescriptor(prototype, 'format') as PropertyDescriptor
    const get = () => {
      throw new Error('a fault')
    }
    Object.defineProperty(prototype, 'format', { get, configurable: true })
    addEventListener('mend', () => Object.defineProperty(prototype, 'format', own))
  })
  await page.goto(`${hub.desk}/#/connected`)
  await expect(page.getByText('that you were writing are kept.')).toBeVisible()
  await inspect(page, 'console-page-failed')
  await page.evaluate(() => dispatchEvent(new Event('mend')))
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByRole('heading', { name: 'Connected' })).toBeVisible()
  watch.wrongs.length = 0
})

test('a draft survives a reload; an exercise is signed without typing', async ({ hub, staff }) => {
  const page = await staff('publisher')
  await page.getByRole('link', { name: 'Send a notice' }).last().click()
  await page.getByRole('radio', { name: /^EXERCISE/ }).check()
  await page.getByRole('radio', { name: /in my own words/ }).check()
  await page.getByRole('radio', { name: /people may be harmed/ }).check()
  await page.getByRole('radio', { name: /^Everyone/ }).check()
  await page.getByLabel('Headline').fill('A drill of the whole clinic')
  await page.getByLabel('What to do').fill('Nothing. Go on as usual.')
  await page.getByLabel('Telephone for questions').fill('+1 555 010 0142')
  await page.reload()
  await openKey(page, hub.keyFile('publisher'))
  await expect(page.getByLabel('Headline')).toHaveValue('A drill of the whole clinic')
  await page.getByRole('button', { name: 'Check and sign' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('A drill, marked as one.')
  let release = () => {}
  const held = new Promise<void>((done) => {
    release = done
  })
  await inspect(page, 'console-exercise-sign')
  let sent = 0
  await page.route('**/v1/notices', async (route) => {
    if (route.request().method() !== 'POST') return route.fallback()
    sent++
    await held
    return route.fallback()
  })
  await dialog.getByRole('button', { name: 'Sign and ask' }).click()
  await expect.poll(() => sent).toBe(1)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await expect(dialog.getByRole('button', { name: 'Back to the draft' })).toBeDisabled()
  release()
  await expect(page.getByText('Nobody sees it yet.')).toBeVisible()
  expect(sent, 'behind a dialog that stays, nothing is signed twice').toBe(1)
  await page.getByRole('button', { name: 'Take it back' }).click()
  await expect(page.getByRole('heading', { name: 'Board' })).toBeVisible()
  await expect(page.getByText('Waiting for signatures')).toBeHidden()
})
