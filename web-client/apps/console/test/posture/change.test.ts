import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Posture } from '../../src/documents/open.js'
import { postureChange, postureEffects, postureInShort } from '../../src/documents/postureWords.js'
import { type Edit, edited, liesAhead } from '../../src/posture/change.js'

const at = Date.parse('2026-03-10T12:00:00Z')
const hour = 3_600_000
const day = 24 * hour
const cap = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}+00:00`
const idp = 'https://idp.example'
const held: Posture = { version: 4, sent: cap(at - day) }

describe('an edit', () => {
  test('begins with version 1, and says who and why', () => {
    expect(edited(null, { kind: 'login-down' }, 'IdP down', at)).toEqual({
      version: 1,
      sent: cap(at),
      note: 'IdP down',
      incident: true,
    })
  })

  test('keeps what it does not change, but for what has lapsed', () => {
    const before: Posture = {
      ...held,
      tokensNotBefore: { [idp]: cap(at - day) },
      issuerBlocked: {
        old: { since: cap(at - 60 * day), until: cap(at - 31 * day) },
        late: { since: cap(at - 60 * day), until: cap(at - 29 * day) },
        open: { since: cap(at - 60 * day) },
      },
      ticketEpoch: 2,
      revoked: [
        { hash: 'aa', until: cap(at - 1000) },
        { hash: 'bb', until: cap(at + day) },
      ],
    }
    const after = edited(before, { kind: 'incident', on: true }, 'x', at)
    expect(after.version).toBe(5)
    expect(Object.keys(after.issuerBlocked ?? {})).toEqual(['late', 'open'])
    expect(after.revoked).toEqual([{ hash: 'bb', until: cap(at + day) }])
    expect(after.tokensNotBefore).toEqual(before.tokensNotBefore)
    expect(after.ticketEpoch).toBe(2)
  })

  test('stolen keys: a block goes on from where it began, unless told otherwise', () => {
    const steal = (before: Posture | null, since: number | null) =>
      edited(before, { kind: 'keys-stolen', issuer: idp, since }, 'x', at).issuerBlocked?.[idp]
    expect(steal(null, null)).toEqual({ since: cap(at) })
    expect(steal(null, at - hour)).toEqual({ since: cap(at - hour) })
    const open = { ...held, issuerBlocked: { [idp]: { since: cap(at - day) } } }
    expect(steal(open, null)).toEqual({ since: cap(at - day) })
    expect(steal(open, at - hour)).toEqual({ since: cap(at - hour) })
    const over = { since: cap(at - 3 * day), until: cap(at - 2 * day) }
    // What the block that has ended keeps out stays out.
    expect(steal({ ...held, issuerBlocked: { [idp]: over } }, null)).toEqual({
      since: cap(at - 3 * day),
    })
  })

  test('an unblocked issuer stays in it with an end, after its beginning', () => {
    const open = { ...held, issuerBlocked: { [idp]: { since: cap(at + 30_000) } } }
    const after = edited(open, { kind: 'unblock', issuer: idp }, 'x', at)
    expect(after.issuerBlocked?.[idp]).toEqual({ since: cap(at + 30_000), until: cap(at + 31_000) })
    expect(() => edited(after, { kind: 'unblock', issuer: idp }, 'x', at)).toThrow('not blocked')
    expect(() => edited(null, { kind: 'unblock', issuer: idp }, 'x', at)).toThrow('not blocked')
  })

  test('all clear keeps out what a thief may hold', () => {
    const before: Posture = {
      ...held,
      incident: true,
      tokensNotBefore: { [idp]: cap(at) },
      issuerBlocked: { [idp]: { since: cap(at - day) } },
      ticketEpoch: 3,
      revoked: [{ hash: 'bb', until: cap(at + day) }],
    }
    expect(edited(before, { kind: 'clear' }, 'well', at)).toEqual({
      version: 5,
      sent: cap(at),
      note: 'well',
      issuerBlocked: { [idp]: { since: cap(at - day), until: cap(at) } },
      ticketEpoch: 3,
    })
  })

  test('is an incident in short only until the all clear', () => {
    const stolen = edited(null, { kind: 'keys-stolen', issuer: idp, since: null }, 'x', at)
    expect(postureInShort(stolen)).toBe('Incident')
    const clear = edited(stolen, { kind: 'clear' }, 'x', at + day)
    expect(postureInShort(clear)).toBe('Some things are void')
    const revoke: Edit = { kind: 'revoke', hashes: ['aa'], until: at + day }
    expect(postureInShort(edited(null, revoke, 'x', at))).toBe('Some things are void')
    const years = edited(clear, { kind: 'incident', on: false }, 'x', at + 60 * day)
    expect([null, years].map(postureInShort)).toEqual(['Nothing is void', 'Nothing is void'])
  })

  test('a revocation takes the place of an earlier one, and can be taken back', () => {
    const revoke = (until: number): Edit => ({ kind: 'revoke', hashes: ['aa', 'bb'], until })
    const once = edited(null, revoke(at + day), 'x', at)
    const twice = edited(once, revoke(at + 2 * day), 'x', at)
    expect(twice.revoked).toEqual([
      { hash: 'aa', until: cap(at + 2 * day) },
      { hash: 'bb', until: cap(at + 2 * day) },
    ])
    const back = edited(twice, { kind: 'unrevoke', hash: 'aa' }, 'x', at)
    expect(back.revoked).toEqual([{ hash: 'bb', until: cap(at + 2 * day) }])
    expect(edited(back, { kind: 'unrevoke', hash: 'bb' }, 'x', at)).not.toHaveProperty('revoked')
  })

  test('a time that lies ahead is told', () => {
    expect(liesAhead(at + 60_000, at)).toBe(false)
    expect(liesAhead(at + hour, at)).toBe(true)
  })
})

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.constant<Edit>({ kind: 'login-down' }),
  fc.constant<Edit>({ kind: 'clear' }),
  fc.constant<Edit>({ kind: 'next-ticket-epoch' }),
  fc.boolean().map<Edit>((on) => ({ kind: 'incident', on })),
  fc
    .record({ issuer: fc.constantFrom(idp, 'b'), ago: fc.option(fc.nat(30 * day)) })
    .map<Edit>(({ issuer, ago }) => ({
      kind: 'keys-stolen',
      issuer,
      since: ago === null ? null : at - ago,
    })),
  fc.nat(30 * day).map<Edit>((ago) => ({ kind: 'everyone-reset', issuer: idp, at: at - ago })),
  fc
    .uniqueArray(fc.constantFrom('aa', 'bb', 'cc'), { minLength: 1 })
    .map<Edit>((hashes) => ({ kind: 'revoke', hashes, until: at + day })),
)

test('no series of edits loses a block without its end, or a ticket epoch', () => {
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 12 }), (edits) => {
      let posture: Posture | null = null
      for (const [i, one] of edits.entries()) {
        const next: Posture = edited(posture, one, 'why', at + i * 1000)
        expect(next.version).toBe(i + 1)
        expect(next.ticketEpoch ?? 0).toBeGreaterThanOrEqual(posture?.ticketEpoch ?? 0)
        for (const issuer of Object.keys(posture?.issuerBlocked ?? {})) {
          expect(next.issuerBlocked).toHaveProperty([issuer])
        }
        const change = postureChange(posture, next)
        for (const sentence of postureEffects(next)) {
          expect([...change.begins, ...change.stays]).toContain(sentence)
        }
        posture = next
      }
    }),
  )
})

test('words: what begins, what ends, and hundreds of revocations in one line', () => {
  const revoked = Array.from({ length: 200 }, (_, i) => ({
    hash: `${i}`.padStart(64, '0'),
    until: cap(at),
  }))
  const before: Posture = { ...held, incident: true, revoked }
  const after: Posture = { ...held, version: 5, revoked, ticketEpoch: 1 }
  const change = postureChange(before, after)
  expect(change.begins).toEqual([expect.stringContaining('epochs before 1')])
  expect(change.ends).toEqual([expect.stringContaining('incident')])
  expect(change.stays).toEqual(['Revoked as before: 200 people and logins.'])
})
