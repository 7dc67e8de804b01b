// A lying desk, a colleague who hides what a notice does, and whoever sits down next.

import { execFile } from 'node:child_process'
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { chromium, type Page } from '@playwright/test'
import { keepKey } from '../kit/console.js'
import { inspect } from '../kit/look.js'
import { expect, type Hub, openKey, phone, saying, test } from '../kit/test.js'

const run = promisify(execFile)
const binary = resolve(import.meta.dirname, '../../../bin/tocsin')
const passphrase = 'four words are good'
const small = { viewport: { width: 320, height: 568 } }

/** Answers in the desk's place what a change makes of its answer. */
async function lie(page: Page, path: string, change: (answer: never) => unknown): Promise<void> {
  await page.route(path, async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, json: change((await response.json()) as never) })
  })
}

/** Opens what waits for a signature as a desk shows it that has let more pass than it may. */
async function approving(page: Page, hub: Hub, change: object): Promise<void> {
  const shape = ['--headline', 'Parking has changed', '--expires', '2h', '--json']
  const as = ['--key', hub.keyFile('publisher'), '--desk', hub.desk]
  const { stdout } = await run(binary, ['publish', ...shape, ...as])
  const { identifier } = JSON.parse(stdout)
  await lie(
    page,
    `**/v1/proposals/${identifier}`,
    (proposal: { envelope: { payload: string } }) => {
      const notice = JSON.parse(Buffer.from(proposal.envelope.payload, 'base64').toString())
      const payload = Buffer.from(JSON.stringify({ ...notice, ...change })).toString('base64')
      return { ...proposal, envelope: { ...proposal.envelope, payload } }
    },
  )
  await page.goto(`${hub.desk}/#/approve/${identifier}`)
}

/** The secret half of a key file, and the name of its public half. */
function halvesOf(file: string): { readonly seed: Buffer; readonly keyid: string } {
  const pem = readFileSync(file, 'utf8').replace(/Owner: .*\n\n/, '')
  const key = createPrivateKey(pem)
  const raw = createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-32)
  return {
    seed: key.export({ type: 'pkcs8', format: 'der' }).subarray(-32),
    keyid: createHash('sha256').update(raw).digest('hex'),
  }
}

const fact = (page: Page, name: string) =>
  page.locator('dl > div', { has: page.getByText(name, { exact: true }) }).locator('dd')

test('whom a notice is for is said by what readers go by, not by its sender', async ({
  hub,
  staff,
}) => {
  const restriction = 'Staff of the north clinic only'
  const page = await staff('approver', phone)
  await approving(page, hub, { scope: 'Public', restriction })
  await expect(fact(page, 'For')).toHaveText(`Everyone (in the sender’s words: “${restriction}”)`)
  await expect(fact(page, 'Signed by')).toHaveText('dev-publisher does not count')
  await inspect(page, 'console-attack-audience')
})

test('what a notice does is said, in whichever language it hides', async ({ hub, staff }) => {
  const directive = (...values: string[]) => ({
    parameter: values.map((value) => ({ valueName: 'directive', value })),
  })
  const page = await staff('approver', small)
  const hides = saying('Parking', {}, { language: 'es', ...directive('pause-booking') })
  await approving(page, hub, hides)
  const does = fact(page, 'It also does')
  await expect(does).toHaveText('Stops the booking of appointments in portals (only in Spanish)')
  await approving(page, hub, saying('Parking', directive('harmless', 'pause-booking')))
  await expect(does).toContainText('Stops the booking')
  await expect(does).toContainText('harmless not known here Ask what it does.')
  await inspect(page, 'console-attack-directives')
})

test('a kept key signs in no other tab, and nowhere after a sign-out in any', async ({
  hub,
  somebody,
}) => {
  const one = await somebody(small)
  await one.goto(hub.desk)
  await keepKey(one, hub.keyFile('publisher'), passphrase)
  await expect(one.getByRole('heading', { name: 'Board' })).toBeVisible()
  const stored = await one.evaluate(
    () =>
      new Promise<{ pair: unknown }[]>((done) => {
        const open = indexedDB.open('tocsin-console')
        open.onsuccess = () => {
          const all = open.result.transaction('keys').objectStore('keys').getAll()
          all.onsuccess = () => done(all.result)
        }
      }),
  )
  expect(stored, 'no CryptoKey lies in the profile').toMatchObject([{ pair: null }])

  const two = await one.context().newPage()
  await two.goto(hub.desk)
  const asked = two.getByLabel('Passphrase of dev-publisher')
  await asked.fill(passphrase)
  await inspect(two, 'console-unlock')
  await two.getByRole('button', { name: 'Continue as dev-publisher' }).click()
  await expect(two.getByRole('heading', { name: 'Board' })).toBeVisible()
  await one.getByRole('button', { name: 'Sign out' }).click()
  await expect(asked, 'in the other tab, too').toBeVisible()
})

test('the secret of a key that is kept does not lie on the disk', async ({ hub }, info) => {
  const profile = info.outputPath('profile')
  const { launchOptions = {} } = info.project.use
  const browser = await chromium.launchPersistentContext(profile, launchOptions)
  const page = await browser.newPage()
  await page.goto(hub.desk)
  const file = hub.keyFile('publisher')
  await keepKey(page, file, passphrase)
  await expect(page.getByRole('heading', { name: 'Board' })).toBeVisible()
  await browser.close()
  const { seed, keyid } = halvesOf(file)
  const files = readdirSync(profile, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
  const holding = (what: Buffer | string) => files.filter((bytes) => bytes.includes(what)).length
  expect(holding(keyid), 'the key is kept').toBeGreaterThan(0)
  expect(holding(seed)).toBe(0)
})

test('whoever goes away is warned, and signed out; who comes back finds the draft', async ({
  hub,
  somebody,
}) => {
  const page = await somebody(small)
  await page.clock.install()
  await page.goto(hub.desk)
  await openKey(page, hub.keyFile('publisher'))
  await page.getByRole('link', { name: 'Send a notice' }).last().click()
  await page.getByRole('radio', { name: /in my own words/ }).check()
  await page.getByLabel('Headline').fill('Records were seen')
  await page.clock.fastForward('28:30')
  await expect(page.getByText('Nobody has touched this page for long.')).toBeVisible()
  await inspect(page, 'console-idle')
  await page.mouse.move(40, 40)
  await expect(page.getByText('Nobody has touched this page for long.')).toBeHidden()
  await page.clock.fastForward('30:10')
  await expect(page.getByText('You were signed out')).toBeVisible()
  await expect(page.locator('body')).not.toContainText('Records were seen')
  await inspect(page, 'console-idle-out')

  await openKey(page, hub.keyFile('approver'))
  await expect(page.getByRole('link', { name: 'dev-approver' })).toBeVisible()
  await expect(page.getByText('Nothing is sent before you have signed.')).toBeVisible()
  await expect(page.getByLabel('Headline'), 'another’s draft').toHaveCount(0)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await openKey(page, hub.keyFile('publisher'))
  await expect(page.getByLabel('Headline')).toHaveValue('Records were seen')
  await page.getByRole('button', { name: 'Sign out' }).click()
  const left = await page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }]),
  )
  expect(left, 'of a key that is not kept').not.toContain('Records were seen')
})

test('the draft of a kept key goes with the key', async ({ hub, somebody }) => {
  const page = await somebody()
  await page.goto(hub.desk)
  await keepKey(page, hub.keyFile('publisher'), passphrase)
  await page.getByRole('link', { name: 'Send a notice' }).last().click()
  await page.getByRole('radio', { name: /in my own words/ }).check()
  await page.getByLabel('Headline').fill('Records were seen')
  await page.goto(`${hub.desk}/#/key`)
  await expect(page.getByText('locked with your passphrase')).toBeVisible()
  await inspect(page, 'console-kept-key')
  await page.getByRole('button', { name: 'Remove …' }).click()
  await page.getByLabel('Type dev-publisher to go on').fill('dev-publisher')
  await page.getByRole('button', { name: 'Remove the key' }).click()
  await expect(page.getByRole('heading', { name: 'Open your key' })).toBeVisible()
  const left = await page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }]),
  )
  expect(left).not.toContain('Records were seen')
})

test('cards and a posture that nobody signed are neither shown nor built upon', async ({
  hub,
  staff,
}) => {
  const page = await staff('publisher', small)
  const unsigned = (type: string, doc: object) => ({
    seq: 9,
    envelope: {
      payloadType: `application/vnd.tocsin.${type}+json`,
      payload: Buffer.from(JSON.stringify(doc)).toString('base64'),
      signatures: [],
    },
  })
  const sent = '2026-11-22T08:00:00+00:00'
  const card = { language: 'en', name: 'Crisis line', telephone: '+1 900 555 0199' }
  const forged = { version: 2 ** 31 - 3, sent, cards: [card] }
  await page.route('**/v1/contacts', (route) =>
    route.fulfill({ json: unsigned('contacts', forged) }),
  )
  await page.route('**/v1/posture', (route) =>
    route.fulfill({ json: unsigned('posture', { version: 9, sent, incident: true }) }),
  )
  await page.goto(`${hub.desk}/#/contacts`)
  await expect(page.getByText('The desk serves contact cards without')).toBeVisible()
  await expect(page.getByText('900 555')).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Change the cards' })).toHaveCount(0)
  await inspect(page, 'console-attack-contacts')
  await page.goto(`${hub.desk}/#/posture`)
  await expect(page.getByText('The desk serves a posture without')).toBeVisible()
  await expect(page.getByRole('button', { name: 'See what changes' })).toHaveCount(0)
})

test('a desk that names other root keys than before is said to, on every page', async ({
  hub,
  staff,
}) => {
  const page = await staff('publisher', small)
  await page.goto(`${hub.desk}/#/staff`)
  await expect(page.getByText('Verified here')).toBeVisible()
  const { publicKey } = generateKeyPairSync('ed25519')
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  await page.route('**/v1/trust', (route) => route.fulfill({ body: pem }))
  await page.reload()
  await openKey(page, hub.keyFile('publisher'))
  const warning = page.getByText('This desk names other root keys than before.')
  for (const path of ['', 'contacts', 'staff']) {
    await page.goto(`${hub.desk}/#/${path}`)
    await expect(warning).toBeVisible()
    await expect(page.getByRole('button', { name: 'Change the cards' })).toHaveCount(0)
  }
  await inspect(page, 'console-attack-roots')
  await page.getByLabel(/I have heard the new fingerprints/).check()
  await page.getByRole('button', { name: 'Believe the new root keys' }).click()
  await expect(page.getByText('keyset is not signed by the root keys')).toBeVisible()
  await page.unroute('**/v1/trust')
  await page.reload()
  await openKey(page, hub.keyFile('publisher'))
  await expect(page.getByText('Verified here')).toBeVisible()
  await expect(warning).toHaveCount(0)
})

test('who signed a notice is what was verified, not what the desk says', async ({ hub, staff }) => {
  const id = await hub.publish('Calls are down', saying('Calls are down'))
  const page = await staff('publisher')
  await page.goto(`${hub.desk}/#/notice/${id}`)
  await expect(fact(page, 'Signed by')).toHaveText('dev-approver and dev-publisher verified')
  await lie(page, `**/v1/notices/${id}`, (thread: { messages: { envelope: object }[] }) => {
    const messages = thread.messages.map((message) => ({
      ...message,
      signers: [{ owner: 'the-director', keyid: '', role: 'publisher', breakGlass: false }],
      envelope: { ...message.envelope, signatures: [] },
    }))
    return { ...thread, messages, current: messages.at(-1) }
  })
  await expect(fact(page, 'Signed by')).toHaveText('not signed as readers ask')
  await expect(page.getByText('the-director')).toHaveCount(0)
})

test('an update by somebody else, while one is written, is told', async ({ hub, staff }) => {
  const id = await hub.publish('Calls are down', saying('Calls are down'))
  const page = await staff('publisher')
  await page.goto(`${hub.desk}/#/update/${id}`)
  await page.getByLabel('Headline').fill('Mine: calls are back')
  const theirs = 'Theirs: not before noon'
  await hub.publish(theirs, saying(theirs), '--update', id)
  await expect(page.getByText('Somebody else has changed this notice')).toBeVisible()
  await expect(page.getByLabel('Headline')).toHaveValue(theirs)
  await inspect(page, 'console-update-overtaken')
  await page.getByRole('button', { name: 'Put mine in their place' }).click()
  await expect(page.getByLabel('Headline')).toHaveValue('Mine: calls are back')
})
