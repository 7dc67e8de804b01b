import { heard } from '../kit/heard.js'
import { inspect, shoot } from '../kit/look.js'
import { banner, callBanner, expect, live, phone, test } from '../kit/test.js'

const funnel = (number: number) => new RegExp(`^${number}$`)

test('a notice is sent, signed by two, shown, changed and withdrawn', async ({
  hub,
  patient,
  staff,
  somebody,
}) => {
  // Some twenty pictures and looks by axe take more than the usual time on a busy machine.
  test.slow()
  const began = Date.now()
  const portal = await patient()
  const call = await patient('/call')
  await call.getByRole('button', { name: 'Join now' }).click()
  await live(portal)
  await live(call)
  await shoot(portal, 'portal-1-quiet')
  await shoot(call, 'call-1-quiet')

  const publisher = await somebody()
  await publisher.goto(hub.desk)
  await inspect(publisher, 'console-1-empty-browser')
  await publisher.getByLabel('Your key file').setInputFiles(hub.keyFile('publisher'))
  await expect(publisher.getByRole('heading', { name: 'Board' })).toBeVisible()
  await expect(publisher.getByText('2 sessions are connected now.')).toBeVisible()
  await inspect(publisher, 'console-2-board-quiet')

  await publisher.getByRole('link', { name: 'Send a notice' }).last().click()
  await publisher.getByRole('button', { name: 'Check and sign' }).click()
  await expect(publisher.getByRole('alert')).toContainText('Before you can sign')
  await inspect(publisher, 'console-3-compose-empty')
  await publisher.getByRole('radio', { name: /^ACTUAL/ }).check()
  await publisher.getByRole('radio', { name: /Video visits don’t work/ }).check()
  await publisher.getByRole('radio', { name: /it is serious/ }).check()
  await publisher.getByRole('radio', { name: /^Everyone/ }).check()
  await publisher.getByLabel('Your institution’s name').fill('Harbour View')
  await publisher.getByLabel('Telephone for questions').fill('+1 555 010 0142')
  await publisher.getByLabel('Since when').fill('2026-11-22T09:30')
  await inspect(publisher, 'console-4-compose-full')
  await publisher.getByRole('button', { name: 'Check and sign' }).click()
  const dialog = publisher.getByRole('dialog')
  await expect(dialog).toContainText('2 sessions are connected now.')
  const sign = dialog.getByRole('button', { name: 'Sign and ask' })
  await expect(sign).toBeDisabled()
  await dialog.getByLabel(/to confirm/).fill('ACTUAL 2')
  await inspect(publisher, 'console-5-sign')
  await sign.click()
  await expect(publisher.getByText('Nobody sees it yet.')).toBeVisible()
  await inspect(publisher, 'console-6-waits')
  await expect(banner(portal)).toBeHidden()

  const approver = await staff('approver', phone)
  await approver.goto(publisher.url())
  await expect(approver.getByRole('heading', { name: 'Read this, then sign' })).toBeVisible()
  await inspect(approver, 'console-7-approve-phone')
  const publish = approver.getByRole('button', { name: /and publish/ })
  await expect(publish).toBeDisabled()
  await approver.getByLabel(/I have read it/).check()
  await publish.click()
  await expect(approver.getByText('Readers see it now.')).toBeVisible()
  await inspect(approver, 'console-8-approved-phone')
  expect(Date.now() - began, 'from an empty browser to patients').toBeLessThan(180_000)

  const headline = 'Video visits are not working now'
  await expect(banner(portal).getByRole('heading', { name: headline })).toBeVisible()
  await expect(banner(portal)).toContainText('Severe')
  await expect(banner(portal)).toContainText('Verified: signed by 2 people')
  await expect(callBanner(call).getByRole('heading', { name: headline })).toBeVisible()
  await expect(call.locator('video')).toBeVisible()
  await inspect(portal, 'portal-2-active')
  await inspect(call, 'call-2-active')

  await publisher.getByRole('link', { name: 'See whom it reaches' }).click()
  const stage = (name: string) =>
    publisher
      .getByRole('listitem')
      .filter({ hasText: new RegExp(`^${name}`) })
      .locator('span')
      .last()
  await expect(stage('Received')).toHaveText(funnel(2))
  await expect(stage('Displayed')).toHaveText(funnel(2))
  await expect(stage('Confirmed')).toHaveText(funnel(0))
  await banner(portal).getByRole('button', { name: 'I have read this' }).click()
  await expect(stage('Confirmed')).toHaveText(funnel(1))
  await inspect(publisher, 'console-9-funnel')

  await publisher.getByRole('link', { name: 'Update it' }).click()
  await publisher.getByRole('radio', { name: /Change the words/ }).check()
  await publisher.getByLabel('Headline').fill('Video visits work again for some')
  await inspect(publisher, 'console-10-update')
  await publisher.getByRole('button', { name: 'Check and sign' }).click()
  await publisher
    .getByRole('dialog')
    .getByLabel(/to confirm/)
    .fill('ACTUAL 2')
  await publisher.getByRole('dialog').getByRole('button', { name: 'Sign and ask' }).click()
  await expect(publisher.getByText('Nobody sees it yet.')).toBeVisible()
  await approver.goto(publisher.url())
  await approver.getByLabel(/I have read it/).check()
  await approver.getByRole('button', { name: /and publish/ }).click()
  const changed = 'Video visits work again for some'
  await expect(banner(portal).getByRole('heading', { name: changed })).toBeVisible()
  await expect(callBanner(call).getByRole('heading', { name: changed })).toBeVisible()
  await inspect(portal, 'portal-3-updated')

  await publisher.getByRole('link', { name: 'See whom it reaches' }).click()
  await publisher.getByRole('button', { name: 'Withdraw it' }).click()
  await publisher.getByRole('button', { name: 'It is over.' }).click()
  await inspect(publisher, 'console-11-withdraw')
  await publisher.getByRole('button', { name: 'Go on' }).click()
  await inspect(publisher, 'console-12-withdraw-sign')
  await publisher.getByRole('button', { name: 'Sign and withdraw' }).click()
  await expect(banner(portal).locator('[data-phase=withdrawn]').first()).toBeVisible()
  await expect(banner(portal)).toContainText('Withdrawn')
  await expect(banner(portal)).toContainText('Es ist vorbei.')
  await expect(callBanner(call).locator('[data-phase=withdrawn]').first()).toBeVisible()
  await inspect(portal, 'portal-4-withdrawn')
  await inspect(call, 'call-4-withdrawn')
  await inspect(publisher, 'console-13-withdrawn')

  for (const page of [portal, call]) {
    const said = (await heard(page)).filter((text) => !/live/i.test(text))
    expect(said, 'one announcement for each change').toHaveLength(3)
    expect(said[0]).toMatch(/^alert: Severe\. Video visits are not working now/)
    expect(said[1]).toMatch(/^alert: Severe\. Changed\. Video visits work again for some/)
    expect(said[2]).toMatch(/^status: Withdrawn\. Video visits work again for some\. It is over\./)
  }
})
