const monthMs = 31 * 24 * 3600 * 1000

/** Whether the monthly test of a key is due; `proven` is RFC 3339, or '' for never. */
export function proofDue(proven: string, now: Date): boolean {
  const at = Date.parse(proven)
  return Number.isNaN(at) || now.getTime() - at > monthMs
}
