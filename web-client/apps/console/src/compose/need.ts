import type { Notice } from '@tocsin/client'
import type { Policy } from '@tocsin/client/verify'

/**
 * How many people must sign a notice by itself, as notice.Thresholds.ForNotice has it; an
 * Update may need more. It is said beforehand only: the desk decides.
 */
export function needOf(notice: Notice, policy: Policy | undefined): number {
  const thresholds = policy?.thresholds ?? {}
  const info = notice.info?.[0]
  if (notice.msgType === 'Cancel' && !info) return thresholds.cancel || 1
  const groups = (notice.addresses ?? []).filter((address) => address.startsWith('group:'))
  if (groups.length > 0 && groups.every((group) => group === 'group:staff')) {
    return thresholds.staff || 1
  }
  return (info && thresholds.bySeverity?.[info.severity]) || thresholds.patient || 2
}
