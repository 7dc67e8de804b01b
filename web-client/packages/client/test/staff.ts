import {
  keyId,
  marshalEnvelope,
  type Role,
  sealEnvelope,
  signEnvelope,
  toBase64,
} from '../src/verify.js'
import { utf8 } from './golden.js'

export const type = (kind: string) => `application/vnd.tocsin.${kind}+json`
/** When everything is sent. */
export const start = '2026-11-22T09:30:00-00:00'

export async function newKey() {
  const pair = (await crypto.subtle.generateKey('Ed25519', false, [
    'sign',
    'verify',
  ])) as CryptoKeyPair
  const bytes = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  return { pair, bytes, keyid: await keyId(bytes), publicKey: toBase64(bytes) }
}
export type TestKey = Awaited<ReturnType<typeof newKey>>

export async function sign(kind: string, document: unknown, ...keys: TestKey[]): Promise<string> {
  let envelope = sealEnvelope(type(kind), utf8(JSON.stringify(document)))
  for (const key of keys) envelope = await signEnvelope(envelope, key.pair)
  return marshalEnvelope(envelope)
}

export const staff = (key: TestKey, owner: string, ...roles: Role[]) => ({
  keyid: key.keyid,
  publicKey: key.publicKey,
  owner,
  roles,
  notBefore: '2026-01-01T00:00:00-00:00',
  notAfter: '2027-01-01T00:00:00-00:00',
  breakGlass: false,
})
