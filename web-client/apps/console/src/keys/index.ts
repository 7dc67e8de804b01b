import type { SignedEnvelope } from '../desk/index.js'
import { type OpenKey, openKey, type StaffKey } from './key.js'
import { keyring } from './ring.js'
import { signPayload } from './sign.js'

export { fromBase64, toBase64 } from './base64.js'
export { KeyFileError, openKeyFile, readKeyFile, writeBackup } from './file.js'
export { createKey, fingerprint, ownerForm } from './key.js'
export { NewKey } from './NewKey.js'
export { keyring, useKeys } from './ring.js'
export { signatureOver, signPayload } from './sign.js'
export { type OpenKey, openKey, type StaffKey }

/** The keys of this browser. */
export async function listKeys(): Promise<readonly StaffKey[]> {
  await keyring.load()
  return keyring.get().keys ?? []
}

/** The key that signs now; null if none is open. */
export function activeKey(): StaffKey | null {
  return keyring.get().active
}

/** Signs with the active key; throws if none is open. */
export function signBytes(payloadType: string, payload: Uint8Array): Promise<SignedEnvelope> {
  const key = activeKey()
  if (!key) throw new Error('no key is open in this browser')
  return signPayload(key, payloadType, payload)
}
