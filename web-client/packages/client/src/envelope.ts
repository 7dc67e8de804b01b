import type { Envelope } from './model.js'

/** Reads an envelope strictly; verifies no signature. Throws what is not one. */
export function parseEnvelope(_body: unknown): Envelope {
  throw new Error('not written yet')
}

/** DSSE's pre-authentication encoding: the bytes that are signed. */
export function pae(_envelope: Pick<Envelope, 'payloadType' | 'payload'>): Uint8Array<ArrayBuffer> {
  return new Uint8Array()
}

/** Lower-case hex SHA-256. */
export async function sha256hex(_data: Uint8Array<ArrayBuffer>): Promise<string> {
  return ''
}

/** Lower-case hex. */
export function hex(_data: Uint8Array): string {
  return ''
}

/** Reads standard base64, padded and canonical; throws on anything else. */
export function fromBase64(_text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array()
}

export function toBase64(_data: Uint8Array): string {
  return ''
}
