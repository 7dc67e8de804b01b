import { afterAll, beforeAll, expect, test } from 'vitest'
import { noticeFrom, payloadOf, senderOf } from '../../src/compose/document.js'
import { uuidv7 } from '../../src/compose/uuid.js'
import { noticeType } from '../../src/desk/index.js'
import { send, unsettled } from '../../src/sending/outbox.js'
import { completeDraft } from '../compose/draft.js'
import { type Hub, startHub } from '../kit/hub.js'

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

test.each(['unavailable', 'too-many', 'internal'])(
  'a refusal to hear it again (%s) says nothing of what was sent before',
  async (name) => {
    let answers: 'lost' | 'refused' | 'told' = 'lost'
    const desk = await hub.desk('publisher', {
      pause: () => Promise.resolve(),
      async fetch(input, init) {
        const submits = init?.method === 'POST' && String(input).endsWith('/v1/notices')
        if (!submits || answers === 'told') return fetch(input, init)
        if (answers === 'refused') {
          const type = `urn:tocsin:problem:${name}`
          const headers = { 'content-type': 'application/problem+json' }
          return new Response(JSON.stringify({ type, title: '' }), { status: 503, headers })
        }
        await fetch(input, init)
        answers = 'refused'
        throw new TypeError('the answer was lost')
      },
    })
    const now = new Date()
    const identity = { identifier: uuidv7(now), sender: 'a@b', now }
    const draft = completeDraft('own', { kind: 'staff', values: [] })
    const envelope = await desk.sign(noticeType, payloadOf(noticeFrom(draft, identity)))
    const item = { identifier: identity.identifier, title: 'Staff', envelope }
    await expect(send(desk, item)).rejects.toMatchObject({ name: 'unconfirmed' })
    expect(unsettled()).toEqual([item])
    await expect(send(desk, item)).rejects.toMatchObject({ name: 'unconfirmed' })
    expect(unsettled()).toEqual([item])
    answers = 'told'
    expect(await send(desk, item)).toMatchObject({ status: 'published' })
    expect(unsettled()).toEqual([])
  },
)

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
