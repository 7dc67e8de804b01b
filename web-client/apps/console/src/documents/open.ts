import { fromBase64, type Keyset, parseStrict } from '@tocsin/client/verify'
import * as z from 'zod/mini'
import {
  contactsType,
  keysetType,
  postureType,
  redactionType,
  type SignedEnvelope,
} from '../desk/index.js'
import { envelopeShape } from '../desk/shapes.js'

// The documents of docs/protocol.md, "Keyset and policy", but for notices. What they do
// not know is refused: nobody is to sign what this console could not show.

const rootShape = z.strictObject({ keyid: z.string(), publicKey: z.string() })
const roleShape = z.enum(['publisher', 'approver', 'contacts', 'operator', 'beacon'])
const threshold = z.optional(z.number())
const severities = z.strictObject({
  Extreme: threshold,
  Severe: threshold,
  Moderate: threshold,
  Minor: threshold,
  Unknown: threshold,
})
const keysetShape = z.strictObject({
  version: z.number(),
  expires: z.string(),
  dev: z.optional(z.boolean()),
  roots: z.array(rootShape),
  rootThreshold: z.number(),
  keys: z.optional(
    z.array(
      z.strictObject({
        keyid: z.string(),
        publicKey: z.string(),
        owner: z.string(),
        roles: z.array(roleShape),
        notBefore: z.string(),
        notAfter: z.string(),
        breakGlass: z.optional(z.boolean()),
      }),
    ),
  ),
  policy: z.optional(
    z.strictObject({
      thresholds: z.optional(
        z.strictObject({
          patient: threshold,
          staff: threshold,
          cancel: threshold,
          contacts: threshold,
          posture: threshold,
          redaction: threshold,
          bySeverity: z.optional(severities),
        }),
      ),
      linkHosts: z.optional(z.array(z.string())),
    }),
  ),
})

const cardShape = z.strictObject({
  language: z.string(),
  audience: z.optional(z.string()),
  name: z.string(),
  telephone: z.optional(z.string()),
  email: z.optional(z.string()),
  hours: z.optional(z.string()),
})
/** One way to reach people: for one audience, in one language. */
export type Card = z.infer<typeof cardShape>

const contactsShape = z.strictObject({
  version: z.number(),
  sent: z.string(),
  cards: z.optional(z.array(cardShape)),
})
/** The cards that tell whom to call when all else is down. */
export type Contacts = z.infer<typeof contactsShape>

const blockedShape = z.strictObject({ since: z.string(), until: z.optional(z.string()) })
/** An issuer whose signing keys were in wrong hands; `until` is when it had new ones. */
export type Blocked = z.infer<typeof blockedShape>

const postureShape = z.strictObject({
  version: z.number(),
  sent: z.string(),
  note: z.optional(z.string()),
  tokensNotBefore: z.optional(z.record(z.string(), z.string())),
  issuerBlocked: z.optional(z.record(z.string(), blockedShape)),
  ticketEpoch: z.optional(z.number()),
  revoked: z.optional(z.array(z.strictObject({ hash: z.string(), until: z.string() }))),
  incident: z.optional(z.boolean()),
})
/** What is void though its signature is good. */
export type Posture = z.infer<typeof postureShape>

const redactionShape = z.strictObject({
  seq: z.number(),
  sha256: z.string(),
  sent: z.string(),
  reason: z.string(),
})
/** Why an entry of the log is missing. */
export type Redaction = z.infer<typeof redactionShape>

export type Opened =
  | { readonly kind: 'keyset'; readonly identifier: string; readonly doc: Keyset }
  | { readonly kind: 'contacts'; readonly identifier: string; readonly doc: Contacts }
  | { readonly kind: 'posture'; readonly identifier: string; readonly doc: Posture }
  | { readonly kind: 'redaction'; readonly identifier: string; readonly doc: Redaction }

/** Reads what an envelope holds. It throws if that is no such document; no signature is verified. */
export function open(envelope: SignedEnvelope): Opened {
  const value = parseStrict(fromBase64(envelope.payload))
  switch (envelope.payloadType) {
    case keysetType: {
      const doc = keysetShape.parse(value) as Keyset
      return { kind: 'keyset', identifier: `keyset-${doc.version}`, doc }
    }
    case contactsType: {
      const doc = contactsShape.parse(value)
      return { kind: 'contacts', identifier: `contacts-${doc.version}`, doc }
    }
    case postureType: {
      const doc = postureShape.parse(value)
      return { kind: 'posture', identifier: `posture-${doc.version}`, doc }
    }
    case redactionType: {
      const doc = redactionShape.parse(value)
      return { kind: 'redaction', identifier: `redaction-${doc.seq}`, doc }
    }
  }
  throw new Error(`${envelope.payloadType} is no such document`)
}

/** The keyset in an envelope, or null if there is none or it is none. */
export function keysetIn(envelope: SignedEnvelope | undefined): Keyset | null {
  const opened = tryOpen(envelope)
  return opened?.kind === 'keyset' ? opened.doc : null
}

/** The contacts in an envelope, or null. */
export function contactsIn(envelope: SignedEnvelope | undefined): Contacts | null {
  const opened = tryOpen(envelope)
  return opened?.kind === 'contacts' ? opened.doc : null
}

/** The posture in an envelope, or null. */
export function postureIn(envelope: SignedEnvelope | undefined): Posture | null {
  const opened = tryOpen(envelope)
  return opened?.kind === 'posture' ? opened.doc : null
}

/** What an envelope holds, or null if it is none of these documents. */
export function tryOpen(envelope: SignedEnvelope | undefined): Opened | null {
  if (envelope === undefined) return null
  try {
    return open(envelope)
  } catch {
    return null
  }
}

/** The most that a document, and an envelope, may hold, in bytes. */
const maxPayload = 32 << 10
const maxEnvelope = 128 << 10

/** The bytes of a document, to be signed. It throws if they are more than a document may be. */
export function encode(doc: Contacts | Posture): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(JSON.stringify(doc))
  if (bytes.length > maxPayload) {
    throw new Error(`it is ${bytes.length} bytes long, more than the ${maxPayload} of a document`)
  }
  return bytes
}

/** Reads an envelope from a file, or null if it is none. */
export function readEnvelope(text: string): SignedEnvelope | null {
  try {
    const parsed = envelopeShape.safeParse(parseStrict(text, maxEnvelope))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

/**
 * Reads what a proposal holds, or null if it can't be signed here: it is none of the
 * log's documents (a login at another desk, say), or not the one that its name says.
 */
export function openProposal(identifier: string, envelope: SignedEnvelope): Opened | null {
  const opened = tryOpen(envelope)
  return opened?.identifier === identifier ? opened : null
}
