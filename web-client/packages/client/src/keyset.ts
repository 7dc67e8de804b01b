import { instant, isTime } from './datetime.js'
import { isPublicKey, keyId } from './ed25519.js'
import { areDistinct, fromBase64 } from './envelope.js'
import type { Keyset, Root } from './model.js'
import { must } from './rule.js'
import { fits, type Shape, within } from './shape.js'

/** The version of a keyset or contacts. */
export const version = within(1, 2 ** 31 - 1)

/** A DNS name in lower case, without a trailing dot. */
export const host = String.raw`(?=.{1,253}$)[a-z\d]([a-z\d-]{0,61}[a-z\d])?(\.[a-z\d]([a-z\d-]{0,61}[a-z\d])?)*`

const isFlag = (value: unknown) => typeof (value ?? false) === 'boolean'
const threshold = within(0, 16)
const given = (value: unknown) => value !== 0 && threshold(value)
const root = { keyid: /^/, publicKey: /^/ } // see checkKeys

const keyset: Shape = {
  version,
  expires: isTime,
  dev: isFlag,
  roots: [root, 1, 16],
  rootThreshold: within(1, 8), // so that a change of roots fits into one envelope
  keys: [
    {
      ...root,
      owner: /^[a-z\d-]{1,64}$/,
      roles: [/^(publisher|approver|contacts|operator|beacon)$/, 1],
      notBefore: isTime,
      notAfter: isTime,
      breakGlass: isFlag,
    },
  ],
  policy: {
    thresholds: {
      patient: threshold,
      staff: threshold,
      cancel: threshold,
      contacts: threshold,
      posture: threshold,
      redaction: threshold,
      bySeverity: { Extreme: given, Severe: given, Moderate: given, Minor: given, Unknown: given },
    },
    linkHosts: [RegExp(`^${host}$`), 0, 64],
  },
}

/**
 * Checks what can be checked on a keyset alone, but for its keys: see checkKeys. Throws at
 * what is not one.
 */
export function checkKeyset(read: unknown): void {
  must(fits(read, keyset))
  const { keys = [], policy, roots, rootThreshold } = read as Keyset
  for (const { roles, notBefore, notAfter, breakGlass } of keys) {
    const life = instant(notAfter) - instant(notBefore)
    must(life > 0 && !(breakGlass && life > 366 * 864e5))
    must(areDistinct(roles) && !(roles.includes('beacon') && roles[1]))
  }
  must(areDistinct(policy?.linkHosts ?? []) && rootThreshold <= roots.length)
}

/** Checks that keys are keys, distinct, and named as they should be. Rejects otherwise. */
export async function checkKeys(keys: readonly Root[]): Promise<void> {
  must(areDistinct(keys.map((k) => k.keyid)))
  for (const { keyid, publicKey } of keys) {
    const bytes = fromBase64(publicKey)
    must(isPublicKey(bytes) && (await keyId(bytes)) === keyid)
  }
}
