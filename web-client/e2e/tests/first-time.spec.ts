import { confirmationOf, linkOn } from '../kit/console.js'
import { person, stopwatch } from '../kit/person.js'
import { banner, expect, live, phone, test } from '../kit/test.js'

// Of a new user, who reads every word down to what is used. About 450 words are left, in 113 s,
// and 45 s of pointing and typing: the machine may take some 20 s. What the run prints says
// where the words are.
const threeMinutes = 180_000

test('two people, each for the first time, send an Actual notice', async ({
  hub,
  patient,
  somebody,
}) => {
  const portal = await patient()
  await live(portal)
  const watch = stopwatch()

  const ana = person(await somebody())
  const { page } = ana
  await watch.step('opening the key', ana, async () => {
    await page.goto(hub.desk)
    await ana.chooseFile(page.getByLabel('Your key file'), hub.keyFile('publisher'))
    await page.getByRole('heading', { name: 'Board' }).waitFor()
  })
  await watch.step('what, how bad, to whom', ana, async () => {
    await ana.click(page.getByRole('link', { name: 'Send a notice' }).last())
    await ana.click(page.getByRole('radio', { name: /^ACTUAL/ }))
    await ana.click(page.getByRole('radio', { name: /Video visits don’t work/ }))
    // The template has answered it.
    const serious = page.getByRole('radio', { name: /it is serious/ })
    await ana.read(serious)
    await expect(serious).toBeChecked()
    await ana.click(page.getByRole('radio', { name: /^Everyone/ }))
  })
  await watch.step('the words', ana, async () => {
    await ana.type(page.getByLabel('Your institution’s name'), 'Harbour View')
    await ana.type(page.getByLabel('Telephone for questions'), '+1 555 010 0142')
    await ana.fill(page.getByLabel('Since when'), '2026-11-22T09:30')
  })
  await watch.step('reading it over, and signing', ana, async () => {
    await ana.click(page.getByRole('button', { name: 'Check and sign' }))
    const dialog = page.getByRole('dialog')
    await expect(dialog.getByRole('heading', { name: 'Sign a real notice' })).toBeFocused()
    await ana.type(...(await confirmationOf(dialog)))
    await ana.click(dialog.getByRole('button', { name: 'Sign and ask' }))
    await ana.click(page.getByRole('button', { name: 'Copy the link' }))
  })
  const link = await linkOn(page, 'approve')

  const ben = person(await somebody(phone))
  await watch.step('the link, on a telephone', ben, async () => {
    await ben.page.goto(link)
    await ben.chooseFile(ben.page.getByLabel('Your key file'), hub.keyFile('approver'))
    await ben.page.getByRole('heading', { name: 'Read this, then sign' }).waitFor()
  })
  await watch.step('the second signature', ben, async () => {
    await ben.click(ben.page.getByLabel(/I have read it/))
    await ben.click(ben.page.getByRole('button', { name: /and publish/ }))
    await ben.read(ben.page.getByText('Readers see it now.'))
  })
  await expect(
    banner(portal).getByRole('heading', { name: 'Video visits are not working now' }),
  ).toBeVisible()
  expect(watch.total(), 'from two empty browsers to patients, in ms').toBeLessThan(threeMinutes)
})
