import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Desk, SignedEnvelope } from '../../src/desk/index.js'
import { contactsType, postureType } from '../../src/desk/index.js'
import { encode } from '../../src/documents/open.js'
import { type Rooted, trustKeyset } from '../../src/documents/roots.js'
import { accept, verifyContacts, verifyPosture } from '../../src/documents/trusted.js'
import { signatureOver, signPayload } from '../../src/keys/sign.js'
import { type Hub, startHub } from '../kit/hub.js'

let hub: Hub
let desk: Desk
let pem: string
let envelope: SignedEnvelope
let rooted: Rooted

beforeAll(async () => {
  hub = await startHub()
  desk = await hub.desk('publisher')
  pem = await desk.trust()
  const held = await desk.keyset()
  if (!held) throw new Error('no keyset')
  envelope = held.envelope
  const judged = await trustKeyset(pem, envelope, null)
  if (judged.state !== 'verified') throw new Error(judged.state)
  rooted = judged
}, 60_000)
afterAll(() => hub.stop())

/** Another desk's roots: well made, and none of those that are known. */
async function strangers(): Promise<string> {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
  const spki = await crypto.subtle.exportKey('spki', (pair as CryptoKeyPair).publicKey)
  const text = Buffer.from(spki).toString('base64')
  return `-----BEGIN PUBLIC KEY-----\n${text}\n-----END PUBLIC KEY-----\n`
}

/** Signed by the publisher, and by the approver too if `both`. */
async function signed(type: string, doc: Parameters<typeof encode>[0], both: boolean) {
  const made = await signPayload(await hub.key('publisher'), type, encode(doc))
  if (!both) return made
  const too = await signatureOver(await hub.key('approver'), type, encode(doc))
  return { ...made, signatures: [...made.signatures, too] }
}

const sent = `${new Date().toISOString().slice(0, 19)}+00:00`
const cards = { version: 1, sent, cards: [{ language: 'en', name: 'Us', telephone: '555' }] }
const posture = { version: 1, sent, note: 'why', incident: true }

test('other roots than those that are known are told, and nothing is believed by them', async () => {
  const known = (await trustKeyset(pem, envelope, null)) as Extract<
    Awaited<ReturnType<typeof trustKeyset>>,
    { state: 'verified' }
  >
  expect(await trustKeyset(await strangers(), envelope, known.roots)).toMatchObject({
    state: 'changed',
    before: known.roots.served,
  })
  expect(await trustKeyset(await strangers(), envelope, null)).toEqual({ state: 'refused' })
})

test('a keyset that is older than one that was seen is refused, and so is none', async () => {
  const judged = await trustKeyset(pem, envelope, null)
  if (judged.state !== 'verified') throw new Error(judged.state)
  const seen = { ...judged.roots, version: judged.roots.version + 1 }
  expect(await trustKeyset(pem, envelope, seen)).toEqual({ state: 'refused' })
  expect(await trustKeyset(pem, undefined, seen)).toEqual({ state: 'refused' })
  expect(await trustKeyset(pem, undefined, null)).toEqual({ state: 'none' })
})

test('a keyset to which somebody was added is refused', async () => {
  const text = Buffer.from(envelope.payload, 'base64').toString()
  const other = text.replace('dev-publisher', 'dev-intruders')
  expect(other).not.toBe(text)
  const forged = { ...envelope, payload: Buffer.from(other).toString('base64') }
  expect(await trustKeyset(pem, forged, null)).toEqual({ state: 'refused' })
})

test('contact cards and a posture hold with as many signatures as the keyset asks', async () => {
  const forged = async (made: SignedEnvelope, doc: object) => ({
    ...made,
    payload: Buffer.from(JSON.stringify(doc)).toString('base64'),
  })
  const goodCards = await signed(contactsType, cards, true)
  expect(await verifyContacts(goodCards, rooted)).toMatchObject({
    doc: cards,
    by: { owners: ['dev-approver', 'dev-publisher'] },
  })
  expect(await verifyContacts(await signed(contactsType, cards, false), rooted)).toBeNull()
  expect(await verifyContacts({ ...goodCards, signatures: [] }, rooted)).toBeNull()
  const later = { ...cards, version: 2 ** 31 - 3 }
  expect(await verifyContacts(await forged(goodCards, later), rooted)).toBeNull()

  const goodPosture = await signed(postureType, posture, true)
  expect(await verifyPosture(goodPosture, rooted)).toMatchObject({ doc: posture })
  expect(await verifyPosture(await signed(postureType, posture, false), rooted)).toBeNull()
  expect(
    await verifyPosture(await forged(goodPosture, { ...posture, version: 9 }), rooted),
  ).toBeNull()
})

test('of what is no notice of this keyset nothing is accepted', async () => {
  const stray = await signed(postureType, posture, true)
  expect(await accept([stray], rooted)).toEqual([null])
})
