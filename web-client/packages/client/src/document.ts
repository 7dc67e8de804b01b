import { checkContacts } from './contacts.js'
import { verifySignature } from './ed25519.js'
import { fromBase64, pae, parseEnvelope, sha256hex } from './envelope.js'
import { checkHead } from './head.js'
import { parseStrict } from './json.js'
import { checkKeyset } from './keyset.js'
import type { Contacts, Entry, Envelope, Keyset, Root, SignedHead } from './model.js'
import { checkNotice } from './rules.js'
import type { Notice } from './seen.js'

/** An entry that has been read: one of the three documents, and what is known of it. */
export interface Document extends Entry {
  readonly envelope: Envelope
  /** Of the payload, hex. */
  readonly hash: string
  readonly notice?: Notice
  readonly keyset?: Keyset
  readonly contacts?: Contacts
  readonly head?: SignedHead
  /**
   * The keys whose signatures are known to fit. A keyid is the hash of its key, so that
   * this holds under every keyset.
   */
  readonly valid: Set<string>
}

const type = /^application\/vnd\.tocsin\.(\w+)\+json$/
const checks = {
  notice: checkNotice,
  keyset: checkKeyset,
  contacts: checkContacts,
  head: checkHead,
}

/**
 * Reads an entry and applies the rules on the document itself. Rejects what breaks one;
 * gives nothing for what is not for clients, or of a newer version, or of other kinds.
 */
export async function readDocument(
  entry: Entry,
  kinds = /^(notice|keyset|contacts)$/,
): Promise<Document | undefined> {
  const envelope = parseEnvelope(entry.body)
  const { payloadType, payload } = envelope
  const [, kind = ''] = payloadType.match(type) ?? []
  if (!kinds.test(kind)) return undefined
  const read = parseStrict(payload)
  checks[kind as keyof typeof checks](read)
  return { ...entry, envelope, hash: await sha256hex(payload), [kind]: read, valid: new Set() }
}

/** Verifies the signatures that those keys made. */
export async function verify(document: Document, keys: readonly Root[] = []): Promise<void> {
  const { envelope, valid } = document
  await Promise.all(
    envelope.signatures.map(async ({ keyid, sig }) => {
      const key = keys.find((k) => k.keyid === keyid)
      if (!key || valid.has(keyid)) return
      if (await verifySignature(fromBase64(key.publicKey), sig, pae(envelope))) valid.add(keyid)
    }),
  )
}
