import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { statusOf } from '../../src/board/status.js'
import { cancelOf, noticeFrom, payloadOf, senderOf } from '../../src/compose/document.js'
import { draftOfUpdate } from '../../src/compose/draft.js'
import { needOf } from '../../src/compose/need.js'
import { templates } from '../../src/compose/templates/index.js'
import { uuidv7 } from '../../src/compose/uuid.js'
import { type Desk, noticeType } from '../../src/desk/index.js'
import { keysetIn } from '../../src/documents/open.js'
import { judge, noticeRoles } from '../../src/documents/signers.js'
import { signatureOver } from '../../src/keys/sign.js'
import { contentOf, noticesOf, payloadIn } from '../../src/notice/thread.js'
import { type Hub, startHub } from '../kit/hub.js'
import { completeDraft } from './draft.js'

let hub: Hub
let publisher: Desk
beforeAll(async () => {
  hub = await startHub()
  publisher = await hub.desk('publisher')
}, 60_000)
afterAll(() => hub?.stop())

const identity = () => {
  const now = new Date()
  return { identifier: uuidv7(now), sender: senderOf('dev-publisher', '127.0.0.1'), now }
}

/** Signs as the publisher's console does, and hands it in. */
async function send(notice: ReturnType<typeof noticeFrom>) {
  return publisher.submit(await publisher.sign(noticeType, payloadOf(notice)))
}

/** Reads, verifies and signs as the approver's telephone does. */
async function approve(identifier: string) {
  const approver = await hub.desk('approver')
  const { envelope } = await approver.proposal(identifier)
  const keyset = keysetIn((await approver.keyset())?.envelope)
  if (!keyset) throw new Error('no keyset')
  const sent = new Date().toISOString()
  const judged = await judge(envelope, keyset, noticeRoles, { sent })
  expect(judged).toMatchObject([{ owner: 'dev-publisher', counts: true }])
  const key = await hub.key('approver')
  const signature = await signatureOver(key, envelope.payloadType, payloadIn(envelope))
  return approver.addSignature(identifier, signature)
}

describe('the desk takes what the console writes', () => {
  test('sent, changed and withdrawn, by as many people as was said', async () => {
    const policy = keysetIn((await publisher.keyset())?.envelope)?.policy
    const alert = noticeFrom({ ...completeDraft(), status: 'Actual' }, identity())
    expect(await send(alert)).toMatchObject({ status: 'waiting', need: needOf(alert, policy) })
    expect(await approve(alert.identifier)).toMatchObject({ status: 'published' })

    const shown = await publisher.notice(alert.identifier)
    expect(noticesOf(shown)).toEqual([alert])
    expect(contentOf(shown)).toEqual(alert)
    expect(statusOf((await publisher.notices()).notices)).toEqual({
      tone: 'actual',
      words: '1 real notice is showing',
    })

    const thread = { alert, messages: noticesOf(shown) }
    const update = noticeFrom(draftOfUpdate(alert, new Date()), identity(), thread)
    expect(await send(update)).toMatchObject({ status: 'waiting' })
    expect(await approve(update.identifier)).toMatchObject({ status: 'published' })

    const changed = noticesOf(await publisher.notice(alert.identifier))
    const cancel = cancelOf({ alert, messages: changed }, 'It is over.', identity())
    expect(needOf(cancel, policy)).toBe(1)
    expect(await send(cancel)).toMatchObject({ status: 'published' })
    const withdrawn = await publisher.notice(alert.identifier)
    expect(withdrawn.phase).toBe('withdrawn')
    expect(contentOf(withdrawn)).toEqual(update)
  })

  test('an update that was written before another one is refused', async () => {
    const alert = noticeFrom(completeDraft('own', { kind: 'staff', values: [] }), identity())
    expect(await send(alert)).toMatchObject({ status: 'published' })
    const thread = { alert, messages: [alert] }
    const draft = draftOfUpdate(alert, new Date())
    expect(await send(noticeFrom(draft, identity(), thread))).toMatchObject({ status: 'published' })
    await expect(send(noticeFrom(draft, identity(), thread))).rejects.toMatchObject({
      name: 'superseded',
    })
  })

  test.each(templates.map(({ id }) => id))('the template %s', async (id) => {
    expect(await send(noticeFrom(completeDraft(id), identity()))).toMatchObject({
      status: 'waiting',
    })
  })
})

test('a signature that does not fit the bytes is shown as none', async () => {
  const alert = noticeFrom(completeDraft(), identity())
  const envelope = await publisher.sign(noticeType, payloadOf(alert))
  const other = payloadOf({ ...alert, sent: '2026-01-01T00:00:00+00:00' })
  const keyset = keysetIn((await publisher.keyset())?.envelope)
  const forged = { ...envelope, payload: Buffer.from(other).toString('base64') }
  if (!keyset) throw new Error('no keyset')
  const sent = new Date().toISOString()
  const of = (one: typeof envelope, set = keyset, roles = noticeRoles, at = sent) =>
    judge(one, set, roles, { sent: at })
  expect(await of(envelope)).toMatchObject([{ counts: true }])
  expect(await of(forged)).toMatchObject([{ counts: false }])
  expect(await of(envelope, { ...keyset, keys: [] })).toMatchObject([
    { owner: null, counts: false },
  ])
  expect(await of(envelope, keyset, ['operator', 'beacon'])).toMatchObject([{ counts: true }])
  expect(await of(envelope, keyset, ['beacon'])).toMatchObject([{ counts: false }])
  expect(await of(envelope, keyset, noticeRoles, '2001-01-01T00:00:00+00:00')).toMatchObject([
    { counts: false },
  ])
})
