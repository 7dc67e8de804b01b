// Whose clock is to be believed, and what a wrong one may do: mark a notice, never hide one.

import { afterEach, expect, test } from 'vitest'
import { cap, newClinic, t0 } from './kit/clinic.js'
import { headlines, isLive, openPage, until } from './kit/device.js'
import { entry, heartbeat, synced, welcome } from './kit/frames.js'
import { type ScriptedNode, scriptedNode } from './kit/node.js'

const clinic = await newClinic()
const keyset = await clinic.keyset()
const day = 86_400_000
const publish = (headline: string, sent: number, expires: number) =>
  clinic.publish(clinic.alert({ sent: cap(sent) }, { headline, expires: cap(expires) }))
const lasting = await publish('lasting', t0 - 60_000, t0 + 3_600_000)

let node: ScriptedNode | undefined
const realNow = Date.now
afterEach(async () => {
  Date.now = realNow
  await node?.close()
})

/** This machine's clock says that it is `t0 + ahead`. */
function deviceAt(ahead: number) {
  const shift = t0 + ahead - realNow()
  Date.now = () => realNow() + shift
}

async function pageAt(serverTime: string, ...bodies: string[]) {
  node = await scriptedNode(async (caller, call) => {
    await caller.next('hello')
    const time = { serverTime: call ? new Date(t0).toISOString() : serverTime }
    const entries = bodies.map((body, i) => entry(i + 2, body))
    caller.say(welcome(time), entry(1, keyset), ...entries, synced(), heartbeat(time))
  })
  return openPage({ url: node.url, roots: clinic.roots })
}

test.for(['+275760-09-13T00:00:00.000Z', '2097-01-01T00:00:00Z', '1969-12-31T00:00:00Z', 'soon'])(
  'a time of the node that no clock shows is not believed: %s',
  async (serverTime) => {
    deviceAt(0)
    const page = await pageAt(serverTime, lasting)
    const times: unknown[] = []
    page.subscribe(() => times.push(page.getState().freshness.since))
    const state = await until(page, isLive)
    expect(headlines(state)).toEqual(['lasting'])
    expect(node?.calls).toBe(2)
    for (const since of times) if (since) expect(Math.abs(Number(since) - t0)).toBeLessThan(day)
  },
)

test.for([2 * day, 300 * day, 20_000 * day])(
  'what only the node’s clock ends, by %d ms, is marked and not hidden',
  async (ahead) => {
    deviceAt(0)
    const page = await pageAt(new Date(t0 + ahead).toISOString(), lasting)
    const { notices } = await until(page, (s) => isLive(s) && s.notices.length > 0)
    expect(notices[0]).toMatchObject({ phase: 'active', mayHaveEnded: true })
  },
)

test('what both clocks end is hidden', async () => {
  deviceAt(2 * day)
  const page = await pageAt(new Date(t0 + 4 * day).toISOString(), lasting)
  expect((await until(page, isLive)).notices).toEqual([])
})

test('what the node’s clock does not end shows, whatever this machine’s says', async () => {
  deviceAt(4 * day)
  const page = await pageAt(new Date(t0).toISOString(), lasting)
  expect((await until(page, isLive)).notices).toMatchObject([{ mayHaveEnded: false }])
})

test('it is later than what was signed: a node set back brings nothing back that ended', async () => {
  deviceAt(0)
  const ended = await publish('ended', t0 - 0.8 * day, t0 - 0.4 * day)
  const page = await pageAt(new Date(t0 - 0.6 * day).toISOString(), ended, lasting)
  expect(headlines(await until(page, isLive))).toEqual(['lasting'])
})
