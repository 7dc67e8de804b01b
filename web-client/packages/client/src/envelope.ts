import { maxPayload, parseStrict } from './json.js'
import type { Envelope } from './model.js'
import { must } from './rule.js'
import { fits } from './shape.js'

/** The size of an entry of the log in bytes. */
const maxBody = 128 << 10

const envelope = {
  payloadType: /^[!#-[\]-~]{1,128}$/,
  payload: /./,
  signatures: [{ keyid: /^[\da-f]{64}$/, sig: /^.{86}==$/ }, 0, 16],
} as const

/** {@link Envelope} in JSON: binary data is base64. */
interface Wire {
  readonly payloadType: string
  readonly payload: string
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[]
}

/**
 * Reads an envelope strictly, from its text or from what a parser made of it within a
 * frame. It verifies no signature. Throws what is not an envelope.
 */
export function parseEnvelope(body: unknown): Envelope {
  const read = typeof body === 'string' ? parseStrict(body, maxBody) : body
  must(fits(read, envelope))
  const { payloadType, payload, signatures } = read as Wire
  must(payload.length <= maxBody)
  const bytes = fromBase64(payload)
  must(bytes.length <= maxPayload && areDistinct(signatures.map((s) => s.keyid)))
  return {
    payloadType,
    payload: bytes,
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: fromBase64(sig) })),
  }
}

/** DSSE's pre-authentication encoding: the bytes that are signed. */
export function pae({
  payloadType,
  payload,
}: Pick<Envelope, 'payloadType' | 'payload'>): Uint8Array<ArrayBuffer> {
  const head = `DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `
  return Uint8Array.from([...new TextEncoder().encode(head), ...payload])
}

/** Lower-case hex SHA-256. */
export async function sha256hex(data: Uint8Array<ArrayBuffer>): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', data)))
}

/** Lower-case hex. */
export function hex(data: Iterable<number>): string {
  return Array.from(data, (byte) => (byte + 256).toString(16).slice(1)).join('')
}

/** Reads standard base64, padded and canonical (RFC 4648); throws on anything else. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const data = atob(text)
  must(btoa(data) === text) // atob is laxer, and two readers must not differ
  return Uint8Array.from(data, (c) => c.charCodeAt(0))
}

/** Standard base64, padded. */
export function toBase64(data: Uint8Array): string {
  return btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(''))
}

/** Whether no two are alike. */
export function areDistinct(list: readonly unknown[]): boolean {
  return new Set(list).size === list.length
}
