import { toBase64 } from '@tocsin/client/verify'
import { expect, test } from 'vitest'
import { readProposed, referencesOf } from '../../src/approve/proposed.js'
import { noticeFrom, payloadOf } from '../../src/compose/document.js'
import { noticeType, type Proposal, postureType } from '../../src/desk/index.js'
import { completeDraft } from '../compose/draft.js'

const identifier = '0193a0e0-0000-7000-8000-000000000001'
const identity = { identifier, sender: 'a@b', now: new Date() }
const notice = noticeFrom(completeDraft(), identity)

const proposal = (payloadType: string, said = payloadType): Proposal => ({
  identifier,
  payloadType: said,
  created: '',
  expires: '',
  need: 2,
  signers: [],
  candidates: [],
  envelope: { payloadType, payload: toBase64(payloadOf(notice)), signatures: [] },
})

test('a notice under its own name is read', () => {
  expect(readProposed(identifier, proposal(noticeType))).toEqual({ kind: 'notice', notice })
})

test('under another name it is not what one was asked to sign', () => {
  expect(readProposed('another', proposal(noticeType))).toEqual({ kind: 'unreadable' })
})

test.each([postureType, 'application/vnd.tocsin.session+json', 'text/plain'])(
  'the type that is signed decides, not what the desk says beside it: %s',
  (type) => expect(readProposed(identifier, proposal(type, noticeType)).kind).toBe('unreadable'),
)

test('references name the messages that it follows', () => {
  const references = ['a@b,1,2026-11-22T10:00:00+00:00', 'a@b,2,2026-11-22T11:00:00+00:00']
  expect(referencesOf({ ...notice, references })).toEqual(['1', '2'])
  expect(referencesOf(notice)).toBeNull()
})
