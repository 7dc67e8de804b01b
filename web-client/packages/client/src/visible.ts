import type { Notice, Tier } from './types.js'

/** Whether a reader gets a notice (docs/protocol.md, "Tiers"). */
export function visible(_notice: Notice, _tier: Tier, _labels: readonly string[]): boolean {
  return false
}

/** Whether anyone may see it without proving anything. */
export function isPublic(_notice: Notice): boolean {
  return false
}
