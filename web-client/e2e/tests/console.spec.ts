import { inspect } from '../kit/look.js'
import { expect, openKey, phone, test } from '../kit/test.js'

const pages = [
  ['new', 'Send a notice'],
  ['connected', ''],
  ['contacts', ''],
  ['cohorts', ''],
  ['staff', ''],
  ['posture', ''],
  ['key', 'Your key'],
  ['nowhere', 'There is no such page'],
] as const

const ways = [
  ['phone', phone],
  ['dark', { colorScheme: 'dark' }],
  ['forced-colours', { forcedColors: 'active' }],
] as const

for (const [name, options] of ways)
  test(`every page of the console: ${name}`, async ({ hub, staff }) => {
    await hub.publish('Something shows')
    const page = await staff('publisher', options)
    await expect(page.getByRole('link', { name: 'Something shows' })).toBeVisible()
    await inspect(page, `console-${name}-board`)
    for (const [path, title] of pages) {
      await page.goto(`${hub.desk}/#/${path}`)
      const heading = page.getByRole('main').getByRole('heading', { level: 1 })
      await expect(heading).toContainText(title)
      await expect(page.getByRole('status', { name: /Loading/ })).toHaveCount(0)
      await inspect(page, `console-${name}-${path}`)
    }
  })

test('a console that is loaded again: the key is there, another needs its file', async ({
  hub,
  staff,
}) => {
  const page = await staff('publisher')
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Board' })).toBeVisible()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByRole('button', { name: 'Continue as dev-publisher' })).toBeVisible()
  await inspect(page, 'console-choose-key')
  await page.getByRole('button', { name: 'Use another key' }).click()
  await openKey(page, hub.keyFile('approver'))
  await expect(page.getByRole('link', { name: 'dev-approver' })).toBeVisible()
})

test('a key that is not in the keyset is refused in plain words', async ({ hub, somebody }) => {
  const page = await somebody()
  await page.goto(hub.desk)
  await openKey(page, hub.keyFile('root'))
  await expect(page.getByRole('heading', { name: 'Not signed in' })).toBeVisible()
  await inspect(page, 'console-refused')
})

test('a draft survives a reload; an exercise is signed without typing', async ({ staff }) => {
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
  await expect(page.getByLabel('Headline')).toHaveValue('A drill of the whole clinic')
  await page.getByRole('button', { name: 'Check and sign' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('A drill, marked as one.')
  await inspect(page, 'console-exercise-sign')
  await dialog.getByRole('button', { name: 'Sign and ask' }).click()
  await expect(page.getByText('Nobody sees it yet.')).toBeVisible()
  await page.getByRole('button', { name: 'Take it back' }).click()
  await expect(page.getByRole('heading', { name: 'Board' })).toBeVisible()
  await expect(page.getByText('Waiting for signatures')).toBeHidden()
})
