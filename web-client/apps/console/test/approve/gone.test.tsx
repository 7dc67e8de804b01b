// @vitest-environment happy-dom
import { cleanup, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApprovePage } from '../../src/approve/ApprovePage.js'
import { contactsType, keysetType, postureType } from '../../src/desk/index.js'
import { type Answer, away, notFound, pass, saying, show } from '../kit/page.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  cleanup()
  vi.useRealTimers()
})

const sent = '2030-01-01T00:00:00-00:00'
const envelopeOf = (payloadType: string, document: object) => ({
  payloadType,
  payload: btoa(JSON.stringify(document)),
  signatures: [],
})
const posture = (version: number, note = '') =>
  envelopeOf(postureType, { version, sent, ...(note && { note }) })
const holding = (envelope: object) => saying({ seq: 1, envelope })
const waiting = saying({
  identifier: 'posture-3',
  payloadType: postureType,
  created: sent,
  expires: sent,
  need: 2,
  signers: [],
  candidates: [],
  envelope: posture(3),
})
const none: Answer = async () => notFound()

/** Opens a document's page, at a desk with that proposal and that in force, until they change. */
function open(id: string, proposal: Answer, held: Answer) {
  const desk = { proposal, held }
  show(<ApprovePage id={id} query={new URLSearchParams()} />, (path) => {
    if (path.startsWith('/v1/proposals/')) return desk.proposal(path)
    return /keyset|contacts|posture/.test(path) ? desk.held(path) : saying(null)(path)
  })
  return desk
}
const title = () => screen.getByRole('heading', { level: 1 }).textContent
const said = () => document.body.textContent ?? ''

/** Whatever is said on the way, as it is to be heard. */
function listen() {
  const heard: string[] = []
  const observer = new MutationObserver(() => heard.push(said()))
  observer.observe(document.body, { subtree: true, childList: true, characterData: true })
  return heard
}

test('a colleague’s signature brings it into force: nobody is told that it was withdrawn', async () => {
  const desk = open('posture-3', waiting, holding(posture(2)))
  await pass(3000)
  expect(title()).toBe('Read this, then sign')
  const heard = listen()
  desk.held = holding(posture(3))
  desk.proposal = none
  await pass(10_000)
  expect(title()).toBe('It is in force')
  expect(heard.join()).not.toContain('withdrawn')
})

test('a desk that is lost then says nothing, least of all by what it said before', async () => {
  const desk = open('posture-3', waiting, holding(posture(2)))
  await pass(3000)
  desk.held = away
  desk.proposal = none
  await pass(10_000)
  expect(screen.getAllByRole('alert')).toHaveLength(1)
  expect(said()).not.toContain('withdrawn')
})

test('another text, or a newer version, is not that which was read', async () => {
  const desk = open('posture-3', waiting, holding(posture(2)))
  await pass(3000)
  desk.held = holding(posture(3, 'another'))
  desk.proposal = none
  await pass(10_000)
  expect(said()).toContain('not as you have read it here')
  desk.held = holding(posture(4))
  await pass(10_000)
  expect(said()).toContain('Posture, version 4, is in force')
})

test.each([
  ['posture-3', posture(3), 'It is in force'],
  ['posture-3', posture(2), 'Nothing waits here', 'withdrawn by whoever'],
  ['posture-3', posture(10), 'Nothing waits here', 'version 10, is in force'],
  ['contacts-3', envelopeOf(contactsType, { version: 3, sent }), 'It is in force'],
  [
    'keyset-3',
    envelopeOf(keysetType, { version: 3, expires: sent, roots: [], rootThreshold: 1 }),
    'It is in force',
  ],
  ['keyset-3', envelopeOf(keysetType, {}), 'Nothing waits here', 'does not say which'],
  ['redaction-3', posture(3), 'Nothing waits here', 'does not say which'],
])('whoever opens %s later learns what became of it', async (id, envelope, heading, words = '') => {
  open(id, none, holding(envelope))
  await pass(5000)
  expect(title()).toBe(heading)
  expect(said()).toContain(words)
  expect(said().includes('withdrawn')).toBe(/withdrawn|which/.test(words))
})

test('one that is made first is not in force while there is none', async () => {
  open('contacts-1', none, none)
  await pass(5000)
  expect(said()).toContain('withdrawn by whoever')
})
