import { instant, isTime } from './datetime.js'
import { isPublicKey, keyId } from './ed25519.js'
import { areDistinct, fromBase64 } from './envelope.js'
import type { Keyset, Root, Trust } from './model.js'
import { must } from './rule.js'
import { fits, within } from './shape.js'

/** The greatest version of a keyset or contacts. */
export const maxVersion = 2 ** 31 - 1
const maxSignatures = 16

/** A DNS name in lower case, without a trailing dot. */
export const host = /^(?=.{1,253}$)(?!\.)((^|\.)[a-z\d]([a-z\d-]{0,61}[a-z\d])?)+$/

const isFlag = (value: unknown) => typeof (value ?? false) === 'boolean'
const threshold = within(0, maxSignatures)
const severity = (value: unknown) => value === undefined || within(1, maxSignatures)(value)
// Their members are checked with those of Trust.
const root = { keyid: /^/, publicKey: /^/ } as const

const keyset = {
  version: within(1, maxVersion),
  expires: isTime,
  dev: isFlag,
  roots: [root],
  rootThreshold: within(1, maxSignatures / 2),
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
      bySeverity: {
        Extreme: severity,
        Severe: severity,
        Moderate: severity,
        Minor: severity,
        Unknown: severity,
      },
    },
    linkHosts: [host, 0, 64],
  },
} as const

/** Checks what can be checked on a keyset alone. Rejects what is not one. */
export async function checkKeyset(read: unknown): Promise<void> {
  must(fits(read, keyset), 'keyset')
  const { keys = [], policy, ...trust } = read as Keyset
  for (const { roles, notBefore, notAfter, breakGlass } of keys) {
    const life = instant(notAfter) - instant(notBefore)
    must(life > 0 && !(breakGlass && life > 366 * 864e5), 'keyset.validity')
    must(areDistinct(roles) && !(roles.includes('beacon') && roles[1]), 'keyset.roles')
  }
  must(areDistinct(policy?.linkHosts ?? []), 'keyset.policy')
  await checkTrust(trust, keys)
}

/** Checks roots, and other keys that may not be among them. Rejects what is wrong. */
export async function checkTrust(
  { roots = [], rootThreshold }: Trust,
  keys: readonly Root[] = [],
): Promise<void> {
  must(roots.length >= rootThreshold && roots.length <= maxSignatures, 'roots')
  must(rootThreshold >= 1 && rootThreshold <= maxSignatures / 2, 'roots')
  const all = [...roots, ...keys]
  must(areDistinct(all.map((k) => k.keyid)), 'keys')
  for (const { keyid, publicKey } of all) {
    const bytes = fromBase64(publicKey)
    must(isPublicKey(bytes) && (await keyId(bytes)) === keyid, 'keys')
  }
}
