import { checkContacts } from './contacts.js'
import { verifySignature } from './ed25519.js'
import { fromBase64, pae, parseEnvelope, sha256hex } from './envelope.js'
import { parseStrict } from './json.js'
import { checkKeyset } from './keyset.js'
import type { Contacts, Entry, Envelope, Keyset, Root } from './model.js'
import { checkNotice } from './rules.js'
import type { Notice } from './types.js'

/** An entry that has been read, with what is known of its signatures. */
export interface Document {
  readonly entry: Entry
  readonly envelope: Envelope
  /** Of the payload, hex. */
  readonly hash: string
  readonly notice?: Notice
  readonly keyset?: Keyset
  readonly contacts?: Contacts
  /** The keyids whose signatures were held against the bytes, or are being. */
  readonly tried: Map<string, Promise<unknown>>
  /** Those that fit. A keyid is the hash of its key, so that this holds for good. */
  readonly valid: Set<string>
}

const checks = { notice: checkNotice, keyset: checkKeyset, contacts: checkContacts } as const

/**
 * Reads an entry and applies the rules on the document itself. Rejects what breaks one;
 * gives nothing for what is not for clients or of a newer version.
 */
export async function readDocument(entry: Entry): Promise<Document | undefined> {
  const envelope = parseEnvelope(entry.body)
  const kind = /^application\/vnd\.tocsin\.(notice|keyset|contacts)\+json$/.exec(
    envelope.payloadType,
  )?.[1] as keyof typeof checks | undefined
  if (!kind) return undefined
  const read = parseStrict(envelope.payload)
  await checks[kind](read)
  const hash = await sha256hex(envelope.payload)
  return { entry, envelope, hash, [kind]: read, tried: new Map(), valid: new Set() }
}

/** Verifies the signatures that those keys made, each once in the document's life. */
export async function verify(document: Document, keys: readonly Root[] = []): Promise<void> {
  const { envelope, tried, valid } = document
  const tries = envelope.signatures.map(({ keyid, sig }) => {
    const key = keys.find((k) => k.keyid === keyid)
    if (key && !tried.has(keyid)) {
      const fits = verifySignature(fromBase64(key.publicKey), sig, pae(envelope))
      tried.set(
        keyid,
        fits.then((ok) => ok && valid.add(keyid)),
      )
    }
    return tried.get(keyid)
  })
  await Promise.all(tries)
}
