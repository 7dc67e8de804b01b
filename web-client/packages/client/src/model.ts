// What the verifying half speaks of: signed documents, and what a board makes of them.

import type { ContactCard, Notice, Severity } from './seen.js'

/** What a key may sign. A notice needs a publisher among its signers. */
export type Role = 'publisher' | 'approver' | 'contacts' | 'operator' | 'beacon'

/** An offline key that signs keysets. */
export interface Root {
  /** Lower-case hex SHA-256 of the public key. */
  readonly keyid: string
  /** Standard base64 of 32 bytes. */
  readonly publicKey: string
}

/** A staff key as the keyset names it. Owners count, keys don't. */
export interface Key extends Root {
  readonly owner: string
  readonly roles: readonly Role[]
  readonly notBefore: string
  /** Included. */
  readonly notAfter: string
  readonly breakGlass?: boolean
}

/** What the holders of the roots decide about publishing; absent or 0 is the default. */
export interface Policy {
  readonly thresholds?: {
    readonly patient?: number
    readonly staff?: number
    readonly cancel?: number
    readonly contacts?: number
    readonly posture?: number
    readonly redaction?: number
    readonly bySeverity?: { readonly [S in Severity]?: number }
  }
  /** The hosts that `web` may lead to. */
  readonly linkHosts?: readonly string[]
}

/** Whose signatures count, and for what (docs/protocol.md, "Keyset and policy"). */
export interface Keyset {
  readonly version: number
  /** Soft: notices show afterwards too, marked. */
  readonly expires: string
  readonly dev?: boolean
  readonly roots: readonly Root[]
  readonly rootThreshold: number
  readonly keys?: readonly Key[]
  readonly policy?: Policy
}

/** Whom to call when all else is down. */
export interface Contacts {
  readonly version: number
  readonly sent: string
  readonly cards?: readonly (Omit<ContactCard, 'audience'> & { readonly audience?: string })[]
}

/** What a desk says of the log, outside of it. */
export interface SignedHead {
  /** Of the log, as in a cursor. */
  readonly epoch: string
  /** The last entry that it speaks of. */
  readonly seq: number
  readonly time: string
  readonly keysetVersion: number
  /** See boardOf. */
  readonly board: string
}

/** The roots that must sign a keyset, and how many of them. */
export interface Trust {
  readonly roots: readonly Root[]
  readonly rootThreshold: number
}

export interface Signature {
  readonly keyid: string
  /** 64 bytes. Nothing is known about its validity until a board counts it. */
  readonly sig: Uint8Array<ArrayBuffer>
}

/** A DSSE v1 envelope. */
export interface Envelope {
  readonly payloadType: string
  readonly payload: Uint8Array<ArrayBuffer>
  readonly signatures: readonly Signature[]
}

/** One message of the log, as a node sent it. */
export interface Entry {
  readonly seq: number
  /** The envelope's text, or what {@link parseStrict} made of it within a frame. */
  readonly body: unknown
}

/** An entry that holds. Immutable; a new keyset makes another. */
export interface Accepted extends Entry {
  /** Of the payload, hex. */
  readonly hash: string
  /** One of the three documents. */
  readonly notice?: Notice
  readonly keyset?: Keyset
  readonly contacts?: Contacts
  /** The number of references; 0 for an Alert. */
  readonly revision: number
  /** The owners whose signatures count, sorted; of a keyset, none. */
  readonly signers: readonly string[]
}

/** What folding one entry did: neither of both with what is not for clients, or too new for this one. */
export interface Outcome {
  readonly accepted?: Accepted
  /** Why it was refused: `known` if nothing is missing, as the board holds it, or a newer one. */
  readonly refused?: unknown
  /** What could be read. */
  readonly document?: Pick<Accepted, 'hash' | 'keyset'> | undefined
}

/** An Alert with the Updates and Cancels that hold. A new object whenever it changes. */
export interface Thread {
  readonly alert: Accepted
  /** The message that decides: of the Cancels if there is one, otherwise of the others. */
  readonly current: Accepted
  /** The message to show: `current`, or what the Cancel withdraws. */
  readonly content: Accepted
  /** All, in the order of their revisions, in whichever they came. */
  readonly messages: readonly Accepted[]
  readonly cancelled: boolean
}

export type Phase = 'active' | 'withdrawn' | 'over'
