// @tocsin/client/verify: everything that decides whether a document is authentic. No
// DOM: it needs WebCrypto, TextDecoder and atob, which browsers, workers and Node have.

export { Board } from './board.js'
export { instant } from './datetime.js'
export { keyId, verifySignature } from './ed25519.js'
export { fromBase64, hex, pae, parseEnvelope, sha256hex, toBase64 } from './envelope.js'
export { parseStrict } from './json.js'
export type {
  Accepted,
  Contacts,
  Entry,
  Envelope,
  Key,
  Keyset,
  Outcome,
  Phase,
  Policy,
  Role,
  Root,
  Signature,
  Thread,
  Trust,
} from './model.js'
export { checkNotice } from './rules.js'
export { marshalEnvelope, sealEnvelope, signEnvelope } from './sign.js'
export { phaseOf } from './thread.js'
export { parseTrust } from './trust.js'
export { cardsOf, show } from './view.js'
export { isPublic, visible } from './visible.js'
