import type { Page } from '@playwright/test'
import { heard } from '../kit/heard.js'
import { inspect, inspectLooks, shoot } from '../kit/look.js'
import { banner, callBanner, expect, live, phone, saying, test } from '../kit/test.js'

const languages = saying(
  'The water is not safe to drink',
  { severity: 'Extreme' },
  {
    language: 'es-US',
    headline: 'No beba el agua',
    event: 'Agua contaminada',
    instruction: 'Beba agua embotellada. Llámenos si está enfermo.',
    description: 'Una bomba ha fallado.',
    severity: 'Extreme',
  },
  {
    language: 'ar',
    headline: 'الماء غير صالح للشرب',
    event: 'تلوث الماء',
    instruction: 'اشرب ماءً معبأً. اتصل بنا إذا مرضت.',
    description: 'تعطلت مضخة ويجري إصلاحها.',
    severity: 'Extreme',
  },
)

const ways = [
  [['320', 'dark', 'forced-colours'], {}, 'Patient portal'],
  [['arabic', 'arabic-320'], { locale: 'ar' }, 'بوابة المرضى'],
  [['no-german'], { locale: 'de-DE' }, 'Patientenportal'],
  [['spanish-phone'], { ...phone, locale: 'es-MX' }, 'Portal del paciente'],
] as const

for (const [names, options, title] of ways)
  test(`looks: ${names.join(', ')}`, async ({ hub, patient }) => {
    await hub.publish('A notice', languages)
    await hub.publish('A notice', { status: 'Exercise', ...saying('A fire drill') })
    const page = await patient('/', options)
    await expect(page).toHaveTitle(`${title} · Harbour View Family Health`)
    await expect(banner(page).getByRole('heading', { level: 3 }).first()).toBeVisible()
    await live(page)
    await inspectLooks(page, names, 'look-*-portal')
    await page.goto(`${hub.url}/call`)
    await page.locator('.lobby .button-main').click()
    await expect(callBanner(page)).toBeVisible()
    await inspectLooks(page, names, 'look-*-call')
  })

test('looks: print', async ({ hub, patient }) => {
  await hub.publish('A notice', languages)
  const page = await patient()
  await expect(banner(page).getByRole('heading', { level: 3 }).first()).toBeVisible()
  await page.emulateMedia({ media: 'print' })
  await inspect(page, 'look-print-portal')
})

test('what a screen reader finds in the banner', async ({ hub, patient }) => {
  const page = await patient()
  const id = await hub.publish('A notice', languages)
  await expect(banner(page).getByRole('heading', { level: 3 })).toBeVisible()
  const order = await page.evaluate(() => {
    const [banner, title] = ['.tocsin-banner', 'h1'].map((at) => document.querySelector(at))
    return banner && title && banner.compareDocumentPosition(title)
  })
  expect(order, 'the banner comes before the h1').toBe(4)
  await expect(banner(page)).toMatchAriaSnapshot({ name: 'banner-active.aria.yml' })
  await expect(page.locator('.tocsin-centre')).toMatchAriaSnapshot({ name: 'centre.aria.yml' })
  await banner(page)
    .getByRole('button', { name: /Make smaller/ })
    .click()
  await expect(banner(page)).toMatchAriaSnapshot({ name: 'banner-folded.aria.yml' })
  await shoot(page, 'portal-folded')
  await expect(banner(page).getByRole('button', { name: /Hide/ })).toHaveCount(0)
  await hub.cancel(id, 'The water is clean again.')
  await expect(banner(page)).toContainText('The water is clean again.')
  await expect(banner(page)).toMatchAriaSnapshot({ name: 'banner-withdrawn.aria.yml' })
})

test('each change is announced once, whatever the network does', async ({ hub, patient }) => {
  const page = await patient()
  await live(page)
  const first = await hub.publish('Grave')
  await expect.poll(() => said(page)).toHaveLength(1)
  await hub.publish('A notice', saying('Mild', { severity: 'Minor' }))
  await expect.poll(() => said(page)).toHaveLength(2)
  await hub.publish('A notice', { status: 'Exercise', ...saying('A drill') })
  await expect.poll(() => said(page)).toHaveLength(3)
  await page.context().setOffline(true)
  await expect(banner(page)).toContainText('No connection to us.')
  await page.context().setOffline(false)
  await live(page)
  await hub.cancel(first, 'It is over.')
  await expect.poll(() => said(page)).toHaveLength(4)
  const all = await said(page)
  expect(all[0]).toMatch(/^alert: Severe\. Grave/)
  expect(all[1]).toMatch(/^status: Minor\. Mild/)
  expect(all[2]).toMatch(/^status: EXERCISE\. Severe\. A drill/)
  expect(all[3]).toMatch(/It is over\./)
  await page.reload()
  await live(page)
  await hub.publish('Another')
  await expect.poll(() => said(page)).toHaveLength(1)
  expect((await said(page))[0], 'after a reload only what is new').toMatch(
    /^alert: Severe\. Another/,
  )
})

test('the keyboard: no focus is taken, the notices can be passed over', async ({
  hub,
  patient,
}) => {
  const page = await patient()
  const about = page.getByLabel(/Anything that we should know/)
  await about.focus()
  await hub.publish('Grave')
  await expect(banner(page)).toBeVisible()
  await expect(about).toBeFocused()
  await page.reload()
  await expect(banner(page)).toBeVisible()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  const skip = banner(page).getByRole('link', { name: 'Skip the notices' })
  await expect(skip).toBeFocused()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  expect(await page.evaluate(() => document.activeElement?.closest('.tocsin-banner'))).toBeNull()
})

test('in full screen the notice stands above a call that goes on', async ({ hub, patient }) => {
  const page = await patient('/call')
  await expect(page).toHaveTitle('Video visit · Harbour View Family Health')
  await page.getByRole('button', { name: 'Join now' }).click()
  await page.getByRole('button', { name: 'Full screen' }).click()
  await expect(page.getByRole('button', { name: 'End full screen' })).toBeVisible()
  await hub.publish('A notice', languages)
  const heading = callBanner(page).getByRole('heading', { level: 3 })
  await expect(heading).toBeInViewport()
  const video = page.locator('video')
  const time = await video.evaluate((element: HTMLVideoElement) => element.currentTime)
  await expect
    .poll(() => video.evaluate((element: HTMLVideoElement) => element.currentTime))
    .toBeGreaterThan(time)
  const [above, below] = [await callBanner(page).boundingBox(), await video.boundingBox()]
  expect(above && below && above.y + above.height <= below.y + 1, 'nothing is covered').toBe(true)
  await expect(page.getByRole('button', { name: 'Leave' })).toBeInViewport()
  await shoot(page, 'call-full-screen')
})

for (const [width, height] of [
  [320, 568],
  [390, 844],
  [844, 390],
] as const)
  test(`a call in a window of ${width} by ${height}: in reach under notices`, async ({
    hub,
    patient,
  }) => {
    for (const info of [languages, saying('The north entrance is closed', { severity: 'Extreme' })])
      await hub.publish('A notice', info)
    const page = await patient('/call', { ...phone, viewport: { width, height } })
    await page.getByRole('button', { name: 'Join now' }).click()
    const all = callBanner(page).getByRole('button', { name: 'Show more: Important notices' })
    const leave = page.getByRole('button', { name: 'Leave' })
    await expect(all, 'there is more than shows').toHaveAttribute('aria-expanded', 'false')
    for (const seen of [all, leave]) await expect(seen).toBeInViewport({ ratio: 1 })
    const first = callBanner(page).getByRole('heading', { level: 3 }).first()
    await expect(first).toBeInViewport()
    await inspect(page, `call-${width}`)
    const before = await callBanner(page).boundingBox()
    expect(before?.height, 'less than half of the window').toBeLessThan(height / 2)

    await all.click()
    const fewer = callBanner(page).getByRole('button', { name: 'Make smaller: Important notices' })
    await expect(fewer).toHaveAttribute('aria-expanded', 'true')
    await expect(fewer).toBeFocused()
    await expect(leave).toBeInViewport({ ratio: 1 })
    const after = await callBanner(page).boundingBox()
    expect(after?.height).toBeGreaterThan(before?.height ?? Infinity)
    await inspect(page, `call-${width}-all`)
    await fewer.click()
    await expect(all).toBeFocused()
    await leave.click()
    await expect(page.getByText('You have left the visit.')).toBeVisible()
  })

test('what is folded and withdrawn says so, in words and struck through', async ({
  hub,
  patient,
}) => {
  const page = await patient('/', phone)
  const over = await hub.publish('A notice', languages)
  await hub.publish('A notice', saying('The lift is being repaired'))
  await hub.cancel(over, 'The water is clean again.')
  const folded = banner(page).locator('[data-phase=withdrawn][data-folded=true]')
  await expect(folded).toContainText('Withdrawn')
  await expect(folded.getByText('The water is not safe to drink').first()).toHaveCSS(
    'text-decoration-line',
    'line-through',
  )
  await shoot(page, 'portal-folded-withdrawn')
})

/** Announcements of notices. */
const said = async (page: Page) => (await heard(page)).filter((text) => !/: Live$/.test(text))
