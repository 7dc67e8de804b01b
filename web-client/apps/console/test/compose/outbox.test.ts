import { afterAll, beforeAll, expect, test } from 'vitest'
import { noticeFrom, payloadOf, senderOf } from '../../src/compose/document.js'
import { send, unsettled } from '../../src/compose/outbox.js'
import { uuidv7 } from '../../src/compose/uuid.js'
import { noticeType } from '../../src/desk/index.js'
import { type Hub, startHub } from '../kit/hub.js'
import { completeDraft } from './draft.js'

let hub: Hub
beforeAll(async () => {
  hub = await startHub()
}, 60_000)
afterAll(() => hub?.stop())

test('a lost answer leaves the signed text behind, which is sent again until its fate is known', async () => {
  let lost = true
  const desk = await hub.desk('publisher', {
    pause: () => Promise.resolve(),
    async fetch(input, init) {
      const response = await fetch(input, init)
      if (lost && init?.method === 'POST' && String(input).endsWith('/v1/notices')) {
        throw new TypeError('the answer was lost')
      }
      return response
    },
  })
  const now = new Date()
  const identity = { identifier: uuidv7(now), sender: senderOf('dev-publisher', '127.0.0.1'), now }
  const notice = noticeFrom(completeDraft(), identity)
  const envelope = await desk.sign(noticeType, payloadOf(notice))
  const item = { identifier: notice.identifier, title: 'Calls', envelope }

  const sending = send(desk, item)
  expect(unsettled()).toEqual([])
  await expect(sending).rejects.toMatchObject({ name: 'unconfirmed' })
  expect(unsettled()).toEqual([item])

  lost = false
  const again = send(desk, item)
  expect(unsettled()).toEqual([item])
  expect(await again).toMatchObject({ status: 'waiting', identifier: notice.identifier })
  expect(unsettled()).toEqual([])
})

test('what the desk refuses is dropped', async () => {
  const desk = await hub.desk('publisher')
  const now = new Date(Date.now() - 48 * 3_600_000)
  const identity = { identifier: uuidv7(now), sender: 'a@b', now }
  const draft = { ...completeDraft(), lastsHours: 72 }
  const envelope = await desk.sign(noticeType, payloadOf(noticeFrom(draft, identity)))
  const item = { identifier: identity.identifier, title: 'Old', envelope }
  await expect(send(desk, item)).rejects.toMatchObject({ name: 'rule', rule: 'admission.sent' })
  expect(unsettled()).toEqual([])
})
