// The typed API against the real desk: every shape is parsed from its answers.

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fromBase64, type Keyset } from '@tocsin/client/verify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contactsOf, emptyCard } from '../../src/contacts/cards.js'
import {
  contactsType,
  type Desk,
  type DeskOptions,
  DeskProblem,
  isProblem,
  keysetType,
  postureType,
} from '../../src/desk/index.js'
import { keysetChange } from '../../src/documents/keysetWords.js'
import { contactsIn, encode, keysetIn, postureIn, readEnvelope } from '../../src/documents/open.js'
import { trustKeyset } from '../../src/documents/roots.js'
import { verifiedSigners } from '../../src/documents/signers.js'
import { createKey, sealKey } from '../../src/keys/key.js'
import { signatureOver, signPayload } from '../../src/keys/sign.js'
import { edited } from '../../src/posture/change.js'
import { addCommands } from '../../src/staff/invitation.js'
import { requestText } from '../../src/staff/request.js'
import { type Hub, startHub } from '../kit/hub.js'

let hub: Hub
let ana: Desk
let ben: Desk
beforeAll(async () => {
  hub = await startHub()
  ana = await hub.desk('publisher')
  ben = await hub.desk('approver')
}, 60_000)
afterAll(() => hub.stop())

const nobody = (options: DeskOptions = {}) =>
  hub.desk('publisher', options).then((desk) => {
    desk.setKey(null)
    return desk
  })

/** The problem that a promise rejects with. */
async function problem(promise: Promise<unknown>): Promise<DeskProblem> {
  const error = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  if (!isProblem(error)) throw new Error(`no problem, but ${String(error)}`)
  return error
}

/** The second signature, of whoever reads a proposal. */
async function countersign(identifier: string) {
  const proposal = await ben.proposal(identifier)
  const { payloadType } = proposal.envelope
  const key = await hub.key('approver')
  const signature = await signatureOver(key, payloadType, fromBase64(proposal.envelope.payload))
  return ben.addSignature(identifier, signature)
}

describe('a login', () => {
  test('says who one is, without any identity provider', async () => {
    const login = await ana.login()
    expect(login.owner).toBe('dev-publisher')
    expect(login.roles).toEqual(expect.arrayContaining(['publisher', 'contacts', 'operator']))
  })

  test('is made once for many requests at a time', async () => {
    let logins = 0
    const desk = await hub.desk('approver', {
      fetch: (input, init) => {
        if (String(input).endsWith('/v1/session')) logins++
        return fetch(input, init)
      },
    })
    await Promise.all([desk.proposals(), desk.notices(), desk.cohorts()])
    expect(logins).toBe(1)
  })

  test('is made anew when the desk has forgotten it', async () => {
    let forget = true
    const desk = await hub.desk('publisher', {
      fetch: (input, init) => {
        const headers = new Headers(init?.headers)
        if (forget && headers.has('authorization')) {
          forget = false
          headers.set('authorization', 'Bearer none')
        }
        return fetch(input, { ...init, headers })
      },
    })
    await expect(desk.proposals()).resolves.toMatchObject({ proposals: [] })
    expect(forget).toBe(false)
  })

  test('is refused to a key that is not in the keyset, and impossible without one', async () => {
    const stranger = await nobody()
    expect((await problem(stranger.proposals())).name).toBe('no-key')
    expect((await problem(stranger.sign(postureType, new Uint8Array()))).name).toBe('no-key')
    stranger.setKey(async (type, payload) => {
      const signed = await ana.sign(type, payload)
      return {
        ...signed,
        signatures: signed.signatures.map((s) => ({ ...s, keyid: '0'.repeat(64) })),
      }
    })
    expect(await problem(stranger.proposals())).toMatchObject({
      name: 'login-refused',
      status: 401,
    })
  })
})

describe('documents', () => {
  test('the keyset needs no login, and is signed by the pinned root', async () => {
    const desk = await nobody()
    const held = await desk.keyset()
    const keyset = keysetIn(held?.envelope)
    expect(keyset?.keys?.map((key) => key.owner)).toEqual([
      'dev-publisher',
      'dev-approver',
      'dev-desk',
    ])
    if (!held || !keyset) throw new Error('no keyset')
    const judged = await trustKeyset(await desk.trust(), held.envelope, null)
    expect(judged).toMatchObject({ state: 'verified', keyset })
    const check = await desk.checkKeyset(held.envelope).catch((error: unknown) => error)
    expect(check).toSatisfy((c) => isProblem(c, 'already-published') || isProblem(c, 'superseded'))
  })

  test('contact cards: none, then waiting for a second signature, then in force', async () => {
    expect(await ana.contacts()).toBeNull()
    const cards = [{ ...emptyCard, name: 'Crisis line', telephone: '555-0100' }]
    const doc = contactsOf(null, cards, Date.now())
    const envelope = await ana.sign(contactsType, encode(doc))
    const answer = await ana.submit(envelope)
    expect(answer).toMatchObject({ status: 'waiting', identifier: 'contacts-1', need: 2 })
    expect(answer.candidates).toEqual(['dev-approver'])
    const waiting = await ben.proposals()
    expect(waiting.proposals.map((p) => p.identifier)).toEqual(['contacts-1'])
    expect(contactsIn(waiting.proposals[0]?.envelope)).toEqual(doc)
    expect(await countersign('contacts-1')).toMatchObject({ status: 'published' })
    expect(contactsIn((await ana.contacts())?.envelope)).toEqual(doc)
    expect(await problem(ana.submit(envelope))).toMatchObject({
      name: 'already-published',
      status: 409,
    })
    expect(await problem(ana.proposal('contacts-1'))).toMatchObject({ status: 404 })
  })

  test('an edited posture is taken, and verified by the keyset', async () => {
    expect(await ana.posture()).toBeNull()
    const [hash = ''] = await ana.pseudonyms('https://issuer.dev.invalid', ['pat-7'], 'person')
    expect(hash).toMatch(/^[0-9a-f]{64}$/)
    expect(await ana.pseudonyms('https://issuer.dev.invalid', ['pat-7'], 'login')).not.toEqual([
      hash,
    ])
    const until = Date.now() + 86_400_000
    const doc = edited(null, { kind: 'revoke', hashes: [hash], until }, 'stolen tablet', Date.now())
    await ana.submit(await ana.sign(postureType, encode(doc)))
    await countersign('posture-1')
    const held = await ana.posture()
    expect(postureIn(held?.envelope)).toEqual(doc)
    const keyset = keysetIn((await ana.keyset())?.envelope)
    if (!held || !keyset) throw new Error('neither posture nor keyset')
    const signers = await verifiedSigners(held.envelope, keyset, ['operator'], doc)
    expect(signers).toEqual({ owners: ['dev-approver', 'dev-publisher'], breakGlass: false })
    const spoilt = { ...held.envelope, payload: btoa('{}') }
    expect((await verifiedSigners(spoilt, keyset, ['operator'], doc)).owners).toEqual([])
    const early = '2001-01-01T00:00:00+00:00'
    expect(
      (await verifiedSigners(held.envelope, keyset, ['operator'], { sent: early })).owners,
    ).toEqual([])
  })

  test('every kind of edit is a posture that the desk takes', async () => {
    const issuer = 'https://idp.example'
    const now = Date.now()
    for (const edit of [
      { kind: 'login-down' },
      { kind: 'keys-stolen', issuer, since: null },
      { kind: 'everyone-reset', issuer, at: now - 60_000 },
      { kind: 'next-ticket-epoch' },
      { kind: 'unblock', issuer },
      { kind: 'clear' },
    ] as const) {
      const doc = edited(postureIn((await ana.posture())?.envelope), edit, edit.kind, Date.now())
      const answer = await ana.submit(await ana.sign(postureType, encode(doc)))
      expect(answer.status, edit.kind).toBe('waiting')
      await countersign(answer.identifier)
    }
    const posture = postureIn((await ana.posture())?.envelope)
    expect(posture).toMatchObject({ version: 7, note: 'clear', ticketEpoch: 1 })
    expect(posture?.issuerBlocked?.[issuer]?.until).toBeDefined()
  })

  test('who signed may take it back, and others not', async () => {
    const doc = edited(
      postureIn((await ana.posture())?.envelope),
      { kind: 'login-down' },
      'x',
      Date.now(),
    )
    const { identifier } = await ana.submit(await ana.sign(postureType, encode(doc)))
    expect((await problem(ben.withdraw(identifier))).name).toBe('forbidden')
    await ana.withdraw(identifier)
    expect((await problem(ana.proposal(identifier))).name).toBe('not-found')
  })

  test('what does not belong in the log is not sent', async () => {
    const envelope = await ana.sign(
      'application/vnd.tocsin.session+json',
      new Uint8Array([123, 125]),
    )
    expect(() => ana.submit(envelope)).toThrow(DeskProblem)
    const broken = await ana.sign(keysetType, new Uint8Array([123, 125]))
    expect(await problem(ana.submit(broken))).toMatchObject({ name: 'rule', status: 422 })
  })
})

describe('a lost answer', () => {
  test('the same envelope is posted again, until its fate is known', async () => {
    let lose = 2
    const asked: number[] = []
    const desk = await hub.desk('publisher', {
      pause: async () => undefined,
      fetch: async (input, init) => {
        const response = await fetch(input, init)
        if (String(input).endsWith('/v1/contacts') && init?.method === 'POST' && lose-- > 0) {
          throw new TypeError('the network is gone')
        }
        return response
      },
    })
    const doc = contactsOf(contactsIn((await ana.contacts())?.envelope), [], Date.now())
    const envelope = await desk.sign(contactsType, encode(doc))
    const answer = await desk.submit(envelope, (attempt) => asked.push(attempt))
    expect(answer).toMatchObject({ status: 'waiting', identifier: 'contacts-2' })
    expect(asked).toEqual([1, 2])
  })

  test('that never comes is said to be unknown', async () => {
    let attempts = 0
    const desk = await hub.desk('publisher', {
      pause: async () => undefined,
      fetch: async () => {
        attempts++
        throw new TypeError('the network is gone')
      },
    })
    const envelope = await ana.sign(contactsType, encode({ version: 9, sent: '' }))
    expect((await problem(desk.submit(envelope))).name).toBe('unconfirmed')
    expect(attempts).toBe(5)
    expect((await problem(desk.keyset())).name).toBe('network')
  })
})

describe('lists', () => {
  test('cohorts are made, listed and removed', async () => {
    expect(await ana.cohorts()).toEqual([])
    const [issuer = ''] = await ana.issuers()
    const made = await ana.putCohort('breach-7', issuer, ['a', 'b', 'a'])
    expect(made).toMatchObject({ name: 'breach-7', members: 2 })
    expect(await ben.cohorts()).toMatchObject([{ name: 'breach-7', members: 2 }])
    await ana.removeCohort('breach-7')
    expect((await problem(ana.removeCohort('breach-7'))).name).toBe('not-found')
    for (const [name, by] of [
      ['Breach 7', issuer],
      ['breach-8', 'https://nobody.example'],
    ] as const)
      expect((await problem(ana.putCohort(name, by, ['a']))).name).toBe('bad-request')
  })

  test('issuers, and who is connected', async () => {
    expect(await ana.issuers()).toEqual(['https://issuer.dev.invalid'])
    const audience = await ana.audience()
    expect(audience.sessions).toBe(0)
    expect(Date.parse(audience.updated)).not.toBeNaN()
  })

  test('a notice, its counts as they stream, and its CAP', async () => {
    const binary = resolve(import.meta.dirname, '../../../../../bin/tocsin')
    const key = join(hub.data, 'dev', 'publisher.key')
    const leave = new AbortController()
    const reader = await fetch(`${hub.edge}/v1/events`, { signal: leave.signal })
    expect(reader.status).toBe(200)
    const out = execFileSync(binary, [
      ...['publish', '--headline', 'Video visits are down', '--expires', '2h', '--json'],
      ...['--key', key, '--desk', hub.origin],
    ])
    const { identifier } = JSON.parse(String(out)) as { identifier: string }
    await countersign(identifier)
    const list = await ana.notices('active')
    expect(list.source?.state).toBe('live')
    expect(list.notices.map((thread) => thread.identifier)).toEqual([identifier])
    expect((await ana.notice(identifier)).messages).toHaveLength(1)
    expect(await ana.noticeCap(identifier)).toContain('Video visits are down')
    let sent = 0
    const stop = new AbortController()
    for await (const receipts of ana.followReceipts(identifier, stop.signal)) {
      sent = receipts.revisions[0]?.sent ?? 0
      if (sent === 1) break
    }
    stop.abort()
    expect(sent).toBe(1)
    expect(await ana.receipts(identifier)).toMatchObject({ identifier, revisions: [{ sent: 1 }] })
    expect((await problem(ana.notice('none'))).name).toBe('not-found')
    leave.abort()
  }, 30_000)
})

test('somebody invited: their request is added by the commands, and they log in', async () => {
  const dir = join(hub.data, 'dev')
  const tocsin = (...args: string[]) => {
    const binary = resolve(import.meta.dirname, '../../../../../bin/tocsin')
    return execFileSync(binary, args, { cwd: dir, stdio: 'pipe' })
  }
  const key = await sealKey(await createKey('cleo-ng'), '', '')
  writeFileSync(join(dir, 'cleo-ng.pub'), requestText(key))
  const held = await ana.keyset()
  writeFileSync(join(dir, 'keyset.json'), `${JSON.stringify(held?.envelope)}\n`)
  const [add = '', sign = ''] = addCommands('cleo-ng', ['approver'], 30, hub.origin).split('\n')
  tocsin(...add.split(' ').slice(1))
  tocsin(...sign.split(' ').slice(1))
  const envelope = readEnvelope(readFileSync(join(dir, 'keyset.json'), 'utf8'))
  if (!envelope) throw new Error('no envelope')
  const cleo = await nobody()
  cleo.setKey((type, payload) => signPayload(key, type, payload))
  expect((await problem(cleo.login())).name).toBe('login-refused')
  expect(await cleo.checkKeyset(envelope)).toMatchObject({
    status: 'checked',
    identifier: 'keyset-2',
  })
  expect(await cleo.submit(envelope)).toMatchObject({ status: 'published', identifier: 'keyset-2' })
  expect(await cleo.login()).toEqual({ owner: 'cleo-ng', roles: ['approver'] })
  const change = keysetChange(keysetIn(held?.envelope), keysetIn(envelope) as Keyset)
  expect(change.begins).toEqual([expect.stringContaining('cleo-ng may give a further signature,')])
  expect(change.ends).toEqual([])
})
