import { instant } from './datetime.js'
import type { Document } from './document.js'
import type { Keyset, Policy, Role, Trust } from './model.js'
import { must } from './rule.js'
import type { Notice } from './types.js'

/** The owners whose signatures count. */
export interface Tally {
  readonly signers: readonly string[]
  readonly breakGlass: boolean
}

/**
 * Counts the verified signatures of a notice or of contacts, and throws if they do not
 * suffice. Owners count, keys don't; one signer must have the lead role.
 */
export function tally(document: Document, keyset: Keyset, need: number): Tally {
  const { notice, contacts, envelope, valid } = document
  const [lead, other]: Role[] = notice ? ['publisher', 'approver'] : ['contacts']
  const sent = instant((notice ?? contacts)?.sent)
  // A break-glass key counts only where a note says why.
  const noted = /\P{White_Space}/u.test(notice?.note ?? '')
  const owners = new Set<string>()
  let led = false
  let breakGlass = false
  let bypass = false
  for (const { keyid } of envelope.signatures) {
    const key = keyset.keys?.find((k) => k.keyid === keyid)
    if (!key || !valid.has(keyid) || (key.breakGlass && !noted)) continue
    if (!(instant(key.notBefore) <= sent && sent <= instant(key.notAfter))) continue
    const leads = key.roles.includes(lead as Role)
    if (!leads && !key.roles.includes(other as Role)) continue
    owners.add(key.owner)
    led ||= leads
    breakGlass ||= !!key.breakGlass
    bypass ||= leads && !!key.breakGlass
  }
  must(bypass || (led && owners.size >= need), 'threshold')
  return { signers: [...owners].sort(), breakGlass }
}

/** Whether enough of these roots have signed. */
export function isRooted({ valid }: Document, { roots, rootThreshold }: Trust): boolean {
  return roots.filter((r) => valid.has(r.keyid)).length >= Math.max(rootThreshold, 1)
}

/** How many owners must sign a notice by itself; its thread may ask for more. */
export function needOf({ msgType, addresses = [], info }: Notice, policy: Policy): number {
  const { cancel, staff, patient, bySeverity } = policy.thresholds ?? {}
  const [first] = info ?? []
  if (msgType === 'Cancel' && !first) return cancel || 1
  const groups = addresses.filter((a) => a.startsWith('group:'))
  if (groups.length && groups.every((a) => a === 'group:staff')) return staff || 1
  return (first && bySeverity?.[first.severity]) ?? (patient || 2)
}
