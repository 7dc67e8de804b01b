import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Page } from '@playwright/test'
import { confirmationOf, linkOn, signToo } from '../kit/console.js'
import { inspect } from '../kit/look.js'
import { banner, expect, live, phone, signIn, test, toNorth } from '../kit/test.js'

const run = promisify(execFile)
const binary = resolve(import.meta.dirname, '../../../bin/tocsin')

const notice = (page: Page, headline: string) =>
  banner(page).getByRole('heading', { name: headline })

test('somebody new is invited, makes a key, is added by the root key, and approves', async ({
  hub,
  patient,
  somebody,
  staff,
}, info) => {
  const publisher = await staff('publisher')
  await publisher.goto(`${hub.desk}/#/staff`)
  await publisher.getByText('Invite somebody').click()
  await publisher.getByLabel('Their name in Tocsin').fill('cleo-park')
  await publisher.getByRole('button', { name: 'Make the link' }).click()
  const link = await linkOn(publisher, 'invite')

  const cleo = await somebody(phone)
  await cleo.goto(link)
  await expect(cleo.getByRole('heading', { name: 'dev-publisher invites you' })).toBeVisible()
  await inspect(cleo, 'invite-1-phone')
  await cleo.getByLabel('Passphrase of the key').fill('four words that last')
  await cleo.getByLabel('The passphrase again').fill('four words that last')
  const backup = cleo.waitForEvent('download')
  await cleo.getByRole('button', { name: 'Make the key and save its backup' }).click()
  expect((await backup).suggestedFilename()).toBe('tocsin-key-cleo-park.json')
  await cleo.getByRole('button', { name: 'I have put the file away' }).click()
  await inspect(cleo, 'invite-2-send-phone')
  const request = (await cleo.locator('pre').textContent()) ?? ''
  const aloud = (await cleo.getByRole('figure').getByRole('list').textContent()) ?? ''

  await publisher.getByText('Let a key count').click()
  await publisher.getByLabel('What the new colleague sent').fill(request)
  await publisher.getByRole('button', { name: 'Read it' }).click()
  const heard = publisher.getByRole('figure').getByRole('list')
  await expect(heard, 'the fingerprint that both read').toHaveText(aloud)
  await publisher.getByLabel(/I have heard it from cleo-park/).check()
  await inspect(publisher, 'invite-3-add')
  for (const name of ['cleo-park.pub', 'keyset.json']) {
    const download = publisher.waitForEvent('download')
    await publisher.getByRole('button', { name: `Save ${name}` }).click()
    await (await download).saveAs(info.outputPath(name))
  }
  // As a person would type them, where the root key is.
  const commands = (await publisher.locator('pre').textContent()) ?? ''
  for (const line of commands.split('\n')) {
    const args = line.replace('root.key', hub.keyFile('root')).split(' ').slice(1)
    if (args[1] === 'publish') args.push('--yes')
    await run(binary, args, { cwd: info.outputPath() })
  }
  await expect(publisher.getByRole('heading', { name: 'cleo-park' })).toBeVisible()

  const reader = await patient()
  await live(reader)
  await publisher.goto(`${hub.desk}/#/new`)
  await publisher.getByRole('radio', { name: /^ACTUAL/ }).check()
  await publisher.getByRole('radio', { name: /in my own words/ }).check()
  await publisher.getByRole('radio', { name: /people may be harmed/ }).check()
  await publisher.getByRole('radio', { name: /^Everyone/ }).check()
  await publisher.getByLabel('Headline').fill('Approved by somebody new')
  await publisher.getByLabel('What to do').fill('Call us.')
  await publisher.getByLabel('Telephone for questions').fill('+1 555 010 0142')
  await publisher.getByRole('button', { name: 'Check and sign' }).click()
  const dialog = publisher.getByRole('dialog')
  const [field, text] = await confirmationOf(dialog)
  await field.fill(text)
  await dialog.getByRole('button', { name: 'Sign and ask' }).click()

  await cleo.getByRole('button', { name: 'Open the board as cleo-park' }).click()
  await expect(cleo.getByRole('heading', { name: 'Board' })).toBeVisible()
  await signToo(cleo, publisher)
  await expect(notice(reader, 'Approved by somebody new')).toBeVisible()
})

test('contact cards that two sign at the console stand in the portal', async ({
  hub,
  patient,
  staff,
}) => {
  const reader = await patient()
  await live(reader)
  const contacts = reader.getByRole('region', { name: 'Call us', exact: true })
  const publisher = await staff('publisher')
  await publisher.goto(`${hub.desk}/#/contacts`)
  await publisher.getByRole('button', { name: 'Change the cards' }).click()
  for (const [label, value] of [
    ['Who answers', 'The night line'],
    ['Telephone', '+1 555 010 0177'],
    ['Language', 'en'],
  ] as const)
    await publisher
      .getByLabel(label, { exact: label !== 'Telephone' })
      .last()
      .fill(value)
  await publisher.getByRole('button', { name: 'Read it over' }).click()
  await publisher.getByRole('dialog').getByRole('button', { name: 'Sign' }).click()
  await expect(publisher.getByRole('dialog')).toContainText('It waits for 1 person more')
  await expect(contacts).not.toContainText('The night line')

  await signToo(await staff('approver', phone), publisher)
  await expect(contacts).toContainText('The night line')
  await expect(contacts.getByRole('link', { name: '+1 555 010 0177' })).toBeVisible()
  await inspect(reader, 'portal-contacts')
})

test('a cohort that is made at the console is reached, and nobody else', async ({
  hub,
  patient,
  somebody,
  staff,
}) => {
  const maya = await patient()
  const daniel = await somebody()
  await daniel.goto(hub.url)
  await signIn(daniel, 'Daniel Ruiz')
  const stranger = await somebody()
  await stranger.goto(hub.url)
  for (const page of [maya, daniel, stranger]) await live(page)

  const publisher = await staff('publisher')
  await publisher.goto(`${hub.desk}/#/cohorts`)
  await publisher.getByLabel('Name').fill('records-seen')
  await publisher.getByLabel('File of subject ids').setInputFiles({
    name: 'seen.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from('room,sub\n12,pat-1\n14,pat-9\n'),
  })
  await expect(publisher.getByText('2 people in this file.')).toBeVisible()
  await publisher.getByRole('button', { name: 'Make the cohort' }).click()
  await expect(publisher.getByText('cohort:records-seen has 2 people.')).toBeVisible()
  await inspect(publisher, 'console-cohort-made')

  await hub.publish('Your record was seen', {
    scope: 'Restricted',
    addresses: ['cohort:records-seen'],
    restriction: 'Those whose records were seen',
  })
  await hub.publish('For everybody')
  await expect(notice(maya, 'Your record was seen')).toBeVisible()
  for (const page of [maya, daniel, stranger])
    await expect(notice(page, 'For everybody')).toBeVisible()
  for (const page of [daniel, stranger])
    await expect(page.locator('body')).not.toContainText('Your record was seen')
})

test('a posture that two sign at the console moves sessions that are open', async ({
  hub,
  patient,
  staff,
}) => {
  const page = await patient()
  const panel = page.getByLabel('Demonstration controls')
  await page.getByText('Break things').click()
  await expect(panel).toContainText('private: a login that is valid now')
  const publisher = await staff('publisher')
  const approver = await staff('approver', phone)

  await publisher.goto(`${hub.desk}/#/posture`)
  await publisher.getByText('Keys are stolen').click()
  await publisher.getByRole('button', { name: 'See what changes' }).first().click()
  const dialog = publisher.getByRole('dialog')
  await dialog.getByLabel('Why').fill('The signing key was in a stolen backup')
  await dialog.getByLabel(/BLOCK/).fill('BLOCK')
  await inspect(publisher, 'console-posture-block')
  await dialog.getByRole('button', { name: 'Sign' }).click()
  await expect(dialog).toContainText('It waits for 1 person more')
  await expect(panel).toContainText('private: a login that is valid now')
  await signToo(approver, publisher)
  await expect(panel).toContainText('restricted: labels are proven')
  await hub.publish('Needs a valid login', { ...toNorth, scope: 'Private' })
  await hub.publish('For the north clinic', toNorth)
  await expect(notice(page, 'For the north clinic')).toBeVisible()
  await expect(notice(page, 'Needs a valid login')).toBeHidden()

  await dialog.getByRole('button', { name: 'Close' }).click()
  await publisher.getByRole('button', { name: 'Give the all clear' }).click()
  await dialog.getByLabel('Why').fill('New keys')
  await dialog.getByRole('button', { name: 'Sign' }).click()
  await expect(dialog).toContainText('It waits for 1 person more')
  await signToo(approver, publisher)
  await page.reload()
  await expect(notice(page, 'Needs a valid login')).toBeVisible()
})

test('a posture for a provider that the desk does not know: who signs is told, once the desk answers', async ({
  hub,
  staff,
}) => {
  const wrong = 'https://idp.clinic.example/'
  const publisher = await staff('publisher')
  const approver = await staff('approver', phone)
  for (const page of [publisher, approver])
    await page.route('**/v1/issuers', (route) => route.abort())
  await publisher.goto(`${hub.desk}/#/posture`)
  await publisher.getByText('Keys are stolen').click()
  const field = publisher.getByRole('combobox', { name: 'Identity provider' }).first()
  await field.fill(wrong)
  await publisher.unroute('**/v1/issuers')
  await expect(publisher.getByText('The desk does not know this one')).toBeVisible()
  await expect(field).toHaveValue(wrong)
  await publisher.getByRole('button', { name: 'See what changes' }).first().click()
  const dialog = publisher.getByRole('dialog')
  await dialog.getByLabel('Why').fill('The signing key was in a stolen backup')
  await dialog.getByLabel(/BLOCK/).fill('BLOCK')
  await dialog.getByRole('button', { name: 'Sign' }).click()
  await expect(dialog).toContainText('It waits for 1 person more')

  await approver.goto(await linkOn(publisher, 'approve'))
  const silent = approver.getByText('The desk did not say which identity providers it knows.')
  await expect(silent).toBeVisible()
  await approver.unroute('**/v1/issuers')
  const unknown = `The desk knows no identity provider “${wrong}”`
  await expect(approver.getByText(unknown)).toBeVisible()
  await expect(silent).toHaveCount(0)
})
