import { marshalEnvelope, sealEnvelope, signEnvelope } from '@tocsin/client/verify'
import { DeskProblem, type SignedEnvelope } from '../desk/index.js'
import type { StaffKey } from './key.js'

/** Puts these very bytes into an envelope, signed by the key. */
export async function signPayload(
  key: StaffKey,
  payloadType: string,
  payload: Uint8Array,
): Promise<SignedEnvelope> {
  if (!key.pair) throw new DeskProblem('no-key', 'This key is locked')
  const signed = await signEnvelope(sealEnvelope(payloadType, new Uint8Array(payload)), key.pair)
  return JSON.parse(marshalEnvelope(signed)) as SignedEnvelope
}

/** The key's signature alone, of what somebody else has put together. */
export async function signatureOver(
  key: StaffKey,
  payloadType: string,
  payload: Uint8Array,
): Promise<{ readonly keyid: string; readonly sig: string }> {
  const { signatures } = await signPayload(key, payloadType, payload)
  const made = signatures[0]
  if (!made) throw new Error('the envelope holds no signature')
  return made
}
