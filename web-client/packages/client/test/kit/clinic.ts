// A clinic with its keys: makes keysets and notices, signed as staff would.

import {
  keyId,
  marshalEnvelope,
  parseEnvelope,
  sealEnvelope,
  sha256hex,
  signEnvelope,
  toBase64,
} from '../../src/verify.js'

export interface Staff {
  readonly owner: string
  readonly role: string
  readonly pair: CryptoKeyPair
  readonly publicKey: string
  readonly keyid: string
  readonly pem: string
}

export const t0 = Date.parse('2026-11-22T10:00:00Z')

/** CAP's form of a time. */
export const cap = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}-00:00`

/** A block of trust.pem: RFC 8410's SubjectPublicKeyInfo. */
export const pemOf = (publicKey: string) =>
  `-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA${publicKey}\n-----END PUBLIC KEY-----\n`

export async function newKey(owner: string, role: string): Promise<Staff> {
  const pair = (await crypto.subtle.generateKey('Ed25519', true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  const publicKey = toBase64(raw)
  return { owner, role, pair, publicKey, keyid: await keyId(raw), pem: pemOf(publicKey) }
}

/** The document in an envelope with these signatures: the text of an entry's body. */
export async function signed(kind: string, document: object, ...signers: Staff[]): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(document))
  let envelope = sealEnvelope(`application/vnd.tocsin.${kind}+json`, payload)
  for (const { pair } of signers) envelope = await signEnvelope(envelope, pair)
  return marshalEnvelope(envelope)
}

/** Of envelopes, by docs/protocol.md. */
async function boardHash(bodies: readonly string[]): Promise<string> {
  const hashes = await Promise.all(bodies.map((b) => sha256hex(parseEnvelope(b).payload)))
  const lines = hashes.sort().map((hash) => `${hash}\n`)
  return sha256hex(new TextEncoder().encode(lines.join('')))
}

export type Clinic = Awaited<ReturnType<typeof newClinic>>

export async function newClinic() {
  const root = await newKey('root', 'root')
  const ana = await newKey('ana-ruiz', 'publisher')
  const ben = await newKey('ben-holt', 'approver')
  const beacon = await newKey('desk-1', 'beacon')
  let count = 0
  const clinic = {
    root,
    ana,
    ben,
    /** It signs heads; no keyset names it by itself. */
    beacon,
    roots: root.pem,
    keyset: (version = 1, change: object = {}, keys = [ana, ben]) =>
      signed(
        'keyset',
        {
          version,
          expires: cap(t0 + 300 * 86_400_000),
          dev: false,
          roots: [{ keyid: root.keyid, publicKey: root.publicKey }],
          rootThreshold: 1,
          keys: keys.map(({ keyid, publicKey, owner, role }) => ({
            keyid,
            publicKey,
            owner,
            roles: [role],
            notBefore: cap(t0 - 86_400_000),
            notAfter: cap(t0 + 300 * 86_400_000),
            breakGlass: false,
          })),
          policy: { linkHosts: [] },
          ...change,
        },
        root,
      ),
    /** An Alert's document. */
    alert(change: object = {}, info: object = {}): AlertDocument {
      return {
        identifier: `01a20144-3ae4-739f-b8eb-${String(++count).padStart(12, '0')}`,
        sender: 'ana-ruiz@clinic.example',
        sent: cap(t0 - 60_000),
        status: 'Actual',
        msgType: 'Alert',
        scope: 'Public',
        info: [
          {
            language: 'en-US',
            category: ['Health'],
            event: 'Outage',
            urgency: 'Immediate',
            severity: 'Severe',
            certainty: 'Observed',
            expires: cap(t0 + 3_600_000),
            headline: 'Video visits are down',
            ...info,
          },
        ],
        ...change,
      }
    },
    /** A message after those, the first of which is the Alert. */
    follow(
      msgType: 'Update' | 'Cancel',
      thread: AlertDocument[],
      change: object = {},
    ): AlertDocument {
      const [alert] = thread as [AlertDocument]
      return {
        ...alert,
        identifier: `01a20144-3ae4-739f-b8eb-${String(++count).padStart(12, '0')}`,
        sent: cap(t0 - 60_000 + 1000 * thread.length),
        msgType,
        references: thread.map((n) => `${n.sender},${n.identifier},${n.sent}`),
        ...(msgType === 'Cancel' ? { note: 'All is well again.', info: undefined } : {}),
        ...change,
      }
    },
    /** What a desk signs of the log up to `seq`, by whose account these hold. */
    head: async (
      seq: number,
      time: number,
      bodies: readonly string[],
      change: object = {},
      signer = beacon,
    ) =>
      JSON.parse(
        await signed(
          'head',
          {
            epoch: '0a1b2c3d',
            seq,
            time: cap(time),
            keysetVersion: 1,
            board: await boardHash(bodies),
            ...change,
          },
          signer,
        ),
      ) as object,
    publish: (notice: object, ...signers: Staff[]) =>
      signed('notice', notice, ...(signers.length ? signers : [ana, ben])),
  }
  return clinic
}

export interface AlertDocument {
  readonly identifier: string
  readonly sender: string
  readonly sent: string
  readonly [member: string]: unknown
}
