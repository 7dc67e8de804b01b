// A file of its own: pages of other tests would compute besides.

import { afterEach, expect, test, vi } from 'vitest'
import { newClinic, newKey } from './kit/clinic.js'
import { isLive, openPage, until } from './kit/device.js'
import { entry, synced, welcome } from './kit/frames.js'
import { type ScriptedNode, scriptedNode } from './kit/node.js'

const clinic = await newClinic()

const nodes: ScriptedNode[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const node of nodes.splice(0)) await node.close()
})

test('nobody but who holds a root key has curves computed', async () => {
  const eve = await newKey('eve', 'publisher')
  const computed = vi.spyOn(BigInt, 'asUintN')
  let before: number | undefined // anything was received
  const node = await scriptedNode(async (caller) => {
    await caller.next('hello')
    const forged = (await clinic.keyset(2, {}, [eve])).replace(/"sig":"..../, '"sig":"AAAA')
    before ??= computed.mock.calls.length
    caller.say(
      welcome(),
      entry(1, forged),
      { type: 'auth', tier: 'restricted', labels: [], auth: { state: 'ok' } },
      synced(1),
    )
  })
  nodes.push(node)
  const page = openPage({ url: node.url, roots: clinic.roots })
  await until(page, (s) => s.freshness.reason === 'source')
  expect(before).toBe(1) // that of the pinned root
  expect(computed).toHaveBeenCalledOnce()
  page.stop()
  const real = await scriptedNode(async (caller) => {
    await caller.next('hello')
    caller.say(welcome(), entry(1, await clinic.keyset()), synced(1))
  })
  nodes.push(real)
  const other = openPage({ url: real.url, roots: clinic.roots })
  await until(other, isLive)
  expect(computed.mock.calls.length).toBeGreaterThan(3)
})
