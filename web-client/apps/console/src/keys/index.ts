export { createKey, fingerprint, ownerForm, type StaffKey } from './key.js'
export { NewKey } from './NewKey.js'
export { keyring, useKeys } from './ring.js'
export { signatureOver, signPayload } from './sign.js'
