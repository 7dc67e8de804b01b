import { keyId } from './ed25519.js'
import { pae, toBase64 } from './envelope.js'
import type { Envelope } from './model.js'

/** An envelope of these bytes that nobody has signed yet. */
export function sealEnvelope(payloadType: string, payload: Uint8Array<ArrayBuffer>): Envelope {
  return { payloadType, payload, signatures: [] }
}

/** The envelope with the signature of one more Ed25519 key, or its newer one. */
export async function signEnvelope(envelope: Envelope, key: CryptoKeyPair): Promise<Envelope> {
  const { subtle } = crypto
  const keyid = await keyId(new Uint8Array(await subtle.exportKey('raw', key.publicKey)))
  const sig = new Uint8Array(await subtle.sign('Ed25519', key.privateKey, pae(envelope)))
  const signatures = envelope.signatures.filter((s) => s.keyid !== keyid)
  return { ...envelope, signatures: [...signatures, { keyid, sig }] }
}

/** The envelope's JSON form, as Go writes it. */
export function marshalEnvelope({ payloadType, payload, signatures }: Envelope): string {
  return JSON.stringify({
    payloadType,
    payload: toBase64(payload),
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: toBase64(sig) })),
  })
}
