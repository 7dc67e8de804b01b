// The client against the real hub.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chooseInfo } from '../src/index.js'
import { Disk, happen, headlines, isLive, openPage, until } from './kit/device.js'
import { type Hub, startHub } from './kit/hub.js'
import { scriptedNode } from './kit/node.js'

let hub: Hub
beforeAll(async () => {
  hub = await startHub()
})
afterAll(() => hub.stop())

const page = (options: Partial<Parameters<typeof openPage>[0]> = {}) =>
  openPage({ url: hub.url, roots: hub.roots, ...options })
const toNorth = { scope: 'Restricted', restriction: 'patients', addresses: ['tenant:north'] }
const toPat = { scope: 'Private', addresses: ['tenant:north'] }

test('an Alert, its Update and its Cancel', async () => {
  const p = page()
  await until(p, isLive)
  const id = await hub.publish('Video visits are down')
  const [alert] = (await until(p, (s) => s.notices.length === 1)).notices
  expect(alert).toMatchObject({ identifier: id, revision: 0, phase: 'active', mayHaveEnded: false })
  expect(alert?.signers).toEqual(['dev-approver', 'dev-publisher'])
  if (alert) expect(chooseInfo(alert.notice, ['en']).preferred).toBe(true)

  await hub.publish('Video visits are back at noon', {}, '--update', id)
  const [update] = (await until(p, (s) => s.notices[0]?.revision === 1)).notices
  expect(update?.hash).not.toBe(alert?.hash)
  expect(update?.history).toHaveLength(2)

  await hub.cancel(id, 'They work again.')
  const [cancel] = (await until(p, (s) => s.notices[0]?.phase === 'withdrawn')).notices
  expect(cancel?.withdrawnNote).toBe('They work again.')
  expect(cancel?.withdrawnAt).toBeInstanceOf(Date)
  expect(cancel?.notice.info?.[0]?.headline).toBe('Video visits are back at noon')
})

test('a directive stops a flow until it is withdrawn', async () => {
  const p = page()
  await until(p, isLive)
  expect(p.directive('pause-booking').on).toBe(false)
  const info = {
    category: ['Health'],
    event: 'x',
    urgency: 'Immediate',
    severity: 'Severe',
    certainty: 'Observed',
    headline: 'No booking',
    parameter: [{ valueName: 'directive', value: 'pause-booking' }],
  }
  const id = await hub.publish('x', { info: [info] }, '--expires', '2h')
  await until(p, () => p.directive('pause-booking').on)
  expect(p.directive('pause-booking').freshness.state).toBe('live')
  await hub.cancel(id, 'Go on.')
  await until(p, () => !p.directive('pause-booking').on)
})

test('tiers: a token, a ticket after a login that failed, a sign-out', async () => {
  const storage = new Disk()
  const token = await hub.token('sub=pat-1&tenant=north')
  const p = page({ storage, getToken: () => token })
  expect((await until(p, isLive)).tier).toBe('private')
  const names = ['For the north', 'For signed-in north']
  await hub.publish(names[0] as string, toNorth)
  await hub.publish(names[1] as string, toPat)
  const has = (of: typeof p, name: string) =>
    until(of, (s) => isLive(s) && headlines(s).includes(name))
  await has(p, names[0] as string)
  await has(p, names[1] as string)
  expect(storage.text()).toContain('payload')
  p.stop()

  const again = page({ storage, getToken: () => Promise.reject(new Error('the login is down')) })
  const state = await has(again, names[0] as string)
  expect(state.tier).toBe('restricted')
  expect(headlines(state)).not.toContain(names[1])

  const tab = page({ storage, getToken: () => null })
  await has(tab, names[0] as string)
  const done = again.signOut()
  expect(headlines(again.getState())).not.toContain(names[0])
  expect(storage.text()).not.toContain('ticket')
  await done
  await until(tab, (s) => !headlines(s).includes(names[0] as string))
  expect((await until(tab, isLive)).tier).toBe('public')
  expect((await until(again, isLive)).tier).toBe('public')
  for (const text of [storage.text(), JSON.stringify(tab.getState())])
    expect(Buffer.from(text).toString()).not.toContain('north')
  const payloads = [...storage.text().matchAll(/"payload":"([^"]*)"/g)]
  expect(payloads.length).toBeGreaterThan(0)
  for (const [, payload] of payloads)
    expect(Buffer.from(payload as string, 'base64').toString()).not.toContain('north')
})

test('login while connected brings what it allows; an empty answer takes it away', async () => {
  let tokens: string[] = []
  const p = page({ getToken: () => tokens })
  await until(p, isLive)
  await hub.publish('For those who log in', toNorth)
  tokens = [await hub.token('sub=pat-2&tenant=north')]
  p.tokensChanged()
  await until(p, (s) => s.tier === 'private' && headlines(s).includes('For those who log in'))
  tokens = []
  p.tokensChanged()
  await until(p, (s) => s.tier === 'public')
})

test('a login that hangs does not keep a public notice away', async () => {
  let answer = (_: string) => {}
  const p = page({ getToken: () => new Promise((done) => (answer = done)) })
  const state = await until(p, isLive)
  expect(state.tier).toBe('public')
  answer(await hub.token('sub=pat-3&tenant=north'))
  await until(p, (s) => s.tier === 'private')
})

test('the seed shows before there is a connection', async () => {
  await hub.publish('In the seed')
  const gone = await scriptedNode(() => {})
  await gone.close()
  const seed = await (await fetch(`${hub.url}/v1/snapshot`)).text()
  const p = openPage({ url: gone.url, roots: hub.roots, seed })
  const state = await until(p, (s) => s.notices.length > 0 && s.freshness.state === 'stale')
  expect(headlines(state)).toContain('In the seed')
  expect(state.freshness.reason).toBe('cache')
})

test('acknowledgements count once', async () => {
  const before = await hub.acks('displayed')
  const p = page()
  await hub.publish('To be counted')
  const { notices } = await until(p, (s) => headlines(s).includes('To be counted'))
  const notice = notices.find((n) => n.notice.info?.[0]?.headline === 'To be counted')
  if (!notice) throw new Error('it shows')
  for (let i = 0; i < 3; i++) p.displayed(notice)
  p.confirm(notice)
  await expect.poll(() => hub.acks('confirmed')).toBeGreaterThan(0)
  expect(await hub.acks('displayed')).toBe(before + 1)
})

describe('what breaks', () => {
  test('the hub is killed and comes back; what was sent meanwhile shows', async () => {
    const p = page()
    await until(p, isLive)
    await hub.restart()
    await until(p, (s) => s.freshness.state === 'stale')
    await hub.publish('Sent meanwhile')
    happen('online')
    const asked = performance.now()
    const state = await until(p, (s) => isLive(s) && headlines(s).includes('Sent meanwhile'))
    expect(performance.now() - asked).toBeLessThan(2000)
    expect(state.freshness.reason).toBeUndefined()
  })

  test('started, stopped and started, as StrictMode does', async () => {
    const p = page()
    p.stop()
    p.start()
    p.start()
    await until(p, isLive)
    p.stop()
    expect(p.getState().freshness.state).toBe('stale')
    p.start()
    await until(p, isLive)
  })

  test('the network is gone: stale at once, and what is known stays', async () => {
    const p = page()
    const { notices } = await until(p, isLive)
    happen('offline')
    expect(p.getState().freshness).toMatchObject({ state: 'stale', reason: 'offline' })
    expect(p.getState().notices).toBe(notices)
    happen('online')
    await until(p, isLive)
  })
})
