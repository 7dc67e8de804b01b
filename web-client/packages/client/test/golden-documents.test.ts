import { describe, expect, test } from 'vitest'
import { checkContacts } from '../src/contacts.js'
import { fromBase64, hex, pae, parseEnvelope, sha256hex, toBase64 } from '../src/envelope.js'
import { verify as fallback } from '../src/fallback.js'
import { parseStrict } from '../src/json.js'
import { checkKeys, checkKeyset } from '../src/keyset.js'
import type { Keyset, Policy } from '../src/model.js'
import { checkNotice, linksFit } from '../src/rules.js'
import type { Notice, Tier } from '../src/seen.js'
import { keyId, marshalEnvelope, verifySignature, visible } from '../src/verify.js'
import { golden, utf8 } from './golden.js'

interface DocumentVector {
  name: string
  payload?: string
  payloadBase64?: string
  policy: Policy
  ok: boolean
}

describe('documents.json', () => {
  test.each(golden<DocumentVector>('documents'))('$name', (v) => {
    const payload = v.payloadBase64 ? fromBase64(v.payloadBase64) : utf8(v.payload ?? '')
    const read = () => {
      const notice = parseStrict(payload)
      checkNotice(notice)
      if (!linksFit(notice, v.policy)) throw new Error('info.web')
    }
    if (v.ok) read()
    else expect(read).toThrow()
  })
})

interface EnvelopeVector {
  name: string
  body: string
  payloadType?: string
  sha256: string
  pae: string
  signatures?: { keyid: string; publicKey: string; valid: boolean }[]
  rule?: string
}

describe('envelopes.json', () => {
  test.each(golden<EnvelopeVector>('envelopes'))('$name', async (v) => {
    if (v.rule) {
      expect(() => parseEnvelope(v.body)).toThrow()
      return
    }
    const envelope = parseEnvelope(v.body)
    expect(envelope.payloadType).toBe(v.payloadType)
    expect(await sha256hex(envelope.payload)).toBe(v.sha256)
    expect(toBase64(pae(envelope))).toBe(v.pae)
    expect(parseEnvelope(marshalEnvelope(envelope))).toEqual(envelope)
    expect(envelope.signatures).toHaveLength(v.signatures?.length ?? 0)
    for (const [i, s] of (v.signatures ?? []).entries()) {
      const { keyid, sig } = envelope.signatures[i] ?? expect.unreachable()
      const key = fromBase64(s.publicKey)
      expect(keyid).toBe(s.keyid)
      expect(await keyId(key)).toBe(keyid)
      expect(await verifySignature(key, sig, pae(envelope)), 'WebCrypto').toBe(s.valid)
      expect(await fallback(key, sig, pae(envelope)), 'JavaScript').toBe(s.valid)
    }
  })
})

describe('keysets.json', () => {
  test.each(golden<{ name: string; payload: string; rule?: string }>('keysets'))(
    '$name',
    async (v) => {
      const read = async () => {
        const keyset = parseStrict(utf8(v.payload)) as Keyset
        checkKeyset(keyset)
        await checkKeys([...keyset.roots, ...(keyset.keys ?? [])])
      }
      if (v.rule) await expect(read()).rejects.toThrow()
      else await read()
    },
  )
})

describe('contacts.json', () => {
  test.each(golden<{ name: string; payload: string; rule?: string }>('contacts'))('$name', (v) => {
    const read = () => checkContacts(parseStrict(utf8(v.payload)))
    if (v.rule) expect(read).toThrow()
    else read()
  })
})

interface VisibilityVector extends Pick<Notice, 'scope' | 'status'> {
  name: string
  addresses: string[]
  tier: string
  labels: string[]
  visible: boolean
}

describe('visibility.json', () => {
  test.each(golden<VisibilityVector>('visibility'))('$name', (v) => {
    const { scope, status, addresses } = v
    const notice = {
      identifier: '',
      sender: '',
      sent: '',
      msgType: 'Alert',
      scope,
      status,
      addresses,
    } as const
    expect(visible(notice, v.tier.toLowerCase() as Tier, v.labels)).toBe(v.visible)
  })
})

test('hex is of two digits a byte', () => {
  expect(hex([0, 10, 255])).toBe('000aff')
})

test('a reference is text like any other', () => {
  const [alert] = golden<DocumentVector>('documents')
  const notice = JSON.parse(alert?.payload ?? '') as Notice
  const update = (sender: string) => ({
    ...notice,
    msgType: 'Update',
    references: [`${sender},019aaa00-0000-7000-8000-000000000001,${notice.sent}`],
  })
  checkNotice(update('a@b'))
  for (const sender of ['a\0b', 'a\u0085b', '', 'a b']) {
    expect(() => checkNotice(update(sender)), JSON.stringify(sender)).toThrow()
  }
})
