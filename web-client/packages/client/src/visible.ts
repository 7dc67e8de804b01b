import type { Notice, Tier } from './seen.js'

/** An address of a notice, and a property of a reader: kind:value. */
export const label = /^[a-z][a-z\d-]{0,31}:[!#-[\]-~]{1,128}$/

/** Whether readers can't just claim such a label. */
export const isProven = (address: string): boolean => !/^(surface|lang):/.test(address)

export const kindOf = (address: string) => address.split(':')[0]

/**
 * Whether a reader gets a notice (docs/protocol.md, "Tiers"): its scope lies within the
 * tier; of every kind that it names, one value is the reader's; a Test is for staff.
 */
export function visible(notice: Notice, tier: Tier, labels: readonly string[]): boolean {
  const { scope, status, addresses = [] } = notice
  const reach = ['Public', 'Restricted', 'Private'].indexOf(scope)
  const has = (address: string) => label.test(address) && labels.includes(address)
  return (
    reach >= 0 &&
    reach <= ['public', 'restricted', 'private'].indexOf(tier) &&
    (status !== 'Test' || has('group:staff')) &&
    addresses.every((a) => addresses.some((b) => kindOf(a) === kindOf(b) && has(b)))
  )
}

/** Whether anyone may see it without proving anything; it may name surfaces and languages. */
export function isPublic({ scope, status, addresses = [] }: Notice): boolean {
  return scope === 'Public' && status !== 'Test' && !addresses.some(isProven)
}
