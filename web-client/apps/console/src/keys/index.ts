export { createKey, fingerprint, isReady, ownerForm, type ReadyKey, type StaffKey } from './key.js'
export { NewKey } from './NewKey.js'
export { keyring, useKeys } from './ring.js'
export { signatureOver, signPayload } from './sign.js'
