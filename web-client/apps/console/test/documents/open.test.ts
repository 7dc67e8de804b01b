import { describe, expect, test } from 'vitest'
import { contactsType, keysetType, postureType, redactionType } from '../../src/desk/index.js'
import { documentName } from '../../src/documents/names.js'
import { encode, open, openProposal, readEnvelope } from '../../src/documents/open.js'

const sent = '2026-03-10T12:00:00+00:00'
const envelope = (payloadType: string, text: string) => ({
  payloadType,
  payload: btoa(text),
  signatures: [],
})
const posture = (more: object) =>
  envelope(postureType, JSON.stringify({ version: 4, sent, ...more }))

describe('a proposal', () => {
  test.each([
    ['posture-4', posture({ incident: true })],
    ['contacts-2', envelope(contactsType, JSON.stringify({ version: 2, sent, cards: [] }))],
    [
      'redaction-41',
      envelope(redactionType, JSON.stringify({ seq: 41, sha256: 'aa', sent, reason: 'names' })),
    ],
    [
      'keyset-7',
      envelope(
        keysetType,
        JSON.stringify({ version: 7, expires: sent, dev: false, roots: [], rootThreshold: 1 }),
      ),
    ],
  ])('%s can be signed under its own name alone', (identifier, held) => {
    expect(openProposal(identifier, held)?.identifier).toBe(identifier)
    expect(openProposal('posture-5', held)).toBeNull()
  })

  test.each([
    ['a login', envelope('application/vnd.tocsin.session+json', '{"origin":"x","nonce":"y"}')],
    ['what this console could not show', posture({ surprise: true })],
    ['another case', posture({ Incident: true })],
    ['a name twice', envelope(postureType, `{"version":4,"version":4,"sent":"${sent}"}`)],
    ['text behind it', envelope(postureType, `{"version":4,"sent":"${sent}"} {}`)],
    ['no base64', { ...posture({}), payload: '%' }],
  ])('%s is not signed', (_, held) => {
    expect(openProposal('posture-4', held)).toBeNull()
    expect(() => open(held)).toThrow()
  })
})

test('a document that is too long is not made', () => {
  const revoked = Array.from({ length: 400 }, () => ({ hash: 'a'.repeat(64), until: sent }))
  expect(() => encode({ version: 1, sent, revoked })).toThrow('32768')
  expect(() => encode({ version: 1, sent, revoked: revoked.slice(0, 200) })).not.toThrow()
})

test('an envelope is read from a file, and nothing else is', () => {
  const held = posture({})
  expect(readEnvelope(`${JSON.stringify(held)}\n`)).toEqual(held)
  for (const text of ['', '[]', '{"payloadType":"x"}', 'keyset'])
    expect(readEnvelope(text)).toBeNull()
})

test('names in words', () => {
  expect(documentName('posture-4')).toBe('Posture, version 4')
  expect(documentName('0198f2c5-0000-7000-8000-000000000000')).toMatch(/^0198/)
  expect(documentName('constructor-1')).toBe('constructor-1')
})
