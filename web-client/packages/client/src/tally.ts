import { instant } from './datetime.js'
import type { Document } from './document.js'
import type { Keyset, Policy, Role } from './model.js'
import { must } from './rule.js'
import type { Notice } from './seen.js'

/**
 * The owners whose signatures of a notice or of contacts count, sorted; throws if they do
 * not suffice. Owners count, keys don't; one of them must have the lead role.
 */
export function tally(document: Document, keyset: Keyset, need: number): string[] {
  const { notice, contacts, valid } = document
  const able: Role[] = notice ? ['publisher', 'approver'] : ['contacts']
  const sent = instant((notice ?? contacts)?.sent)
  const keys = (keyset.keys ?? []).filter(
    ({ keyid, roles, breakGlass, notBefore, notAfter }) =>
      valid.has(keyid) &&
      roles.some((role) => able.includes(role)) &&
      instant(notBefore) <= sent &&
      sent <= instant(notAfter) &&
      // A break-glass key counts only where a note says why.
      (!breakGlass || /\P{White_Space}/u.test(notice?.note ?? '')),
  )
  const leads = keys.filter((k) => k.roles.includes(able[0] as Role))
  const owners = [...new Set(keys.map((k) => k.owner))]
  must(leads.some((k) => k.breakGlass) || (leads[0] && owners.length >= need))
  return owners.sort()
}

/** How many owners must sign a notice by itself; its thread may ask for more. */
export function needOf({ msgType, addresses = [], info }: Notice, policy: Policy): number {
  const { cancel, staff, patient, bySeverity } = policy.thresholds ?? {}
  const severity = info?.[0]?.severity
  if (msgType === 'Cancel' && !severity) return cancel || 1
  const groups = addresses.filter((a) => a.startsWith('group:'))
  if (groups[0] && groups.every((a) => a === 'group:staff')) return staff || 1
  return (severity && bySeverity?.[severity]) || patient || 2
}
