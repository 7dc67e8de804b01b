import type { Key, Keyset, Role } from '@tocsin/client/verify'
import { clock } from '../ui/clock.js'
import { count, people } from '../ui/count.js'
import type { Change } from './postureWords.js'

const roleWords: Readonly<Record<Role, string>> = {
  publisher: 'write notices',
  approver: 'give a further signature',
  contacts: 'sign contact cards',
  operator: 'change the posture',
  beacon: 'vouch that nothing is left out',
}

/** What a key's holder may do, in words. */
export function mayWords(roles: readonly Role[]): string {
  const words = roles.map((role) => roleWords[role])
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

/** How many owners must sign what, in words; absent or 0 is the default. */
export function thresholdWords(keyset: Keyset): { what: string; need: number }[] {
  const t = keyset.policy?.thresholds ?? {}
  const list = [
    { what: 'A notice to patients', need: t.patient || 2 },
    { what: 'A notice to staff alone', need: t.staff || 1 },
    { what: 'Withdrawing a notice', need: t.cancel || 1 },
    { what: 'Contact cards', need: t.contacts || 2 },
    { what: 'The posture', need: t.posture || 2 },
    { what: 'Deleting an entry of the log', need: t.redaction || 2 },
  ]
  for (const [severity, need] of Object.entries(t.bySeverity ?? {}).sort()) {
    if (need) list.splice(1, 0, { what: `… when its severity is ${severity}`, need })
  }
  return list
}

/** Each key, as a sentence that says all that matters about it. */
function keySentence(key: Key): string {
  const alone = key.breakGlass === true ? ', alone and sealed away (break-glass)' : ''
  return `${key.owner} may ${mayWords(key.roles)}${alone}, ${clock(key.notBefore)} to ${clock(key.notAfter)} (key ${key.keyid.slice(0, 16)}…).`
}

function keysetFacts(keyset: Keyset | null): string[] {
  if (keyset === null) return []
  return [
    ...(keyset.keys ?? []).map(keySentence),
    ...thresholdWords(keyset).map((t) => `${t.what} needs ${people(t.need)}.`),
    ...(keyset.policy?.linkHosts ?? []).map((host) => `Notices may link to ${host}.`),
    ...keyset.roots.map((root) => `Root key ${root.keyid.slice(0, 16)}… may sign keysets.`),
    `A keyset needs ${count(keyset.rootThreshold, 'root key')}.`,
    `It is to be renewed by ${clock(keyset.expires)}.`,
    ...(keyset.dev === true ? ['It is for a developer’s machine only.'] : []),
  ]
}

/** What changes from one keyset to another; null is that there was none. */
export function keysetChange(from: Keyset | null, to: Keyset): Change {
  const before = keysetFacts(from)
  const after = keysetFacts(to)
  return {
    begins: after.filter((s) => !before.includes(s)),
    ends: before.filter((s) => !after.includes(s)),
    stays: after.filter((s) => before.includes(s)),
  }
}

/** How a key stands at a time. */
export type Standing = 'counts' | 'ends-soon' | 'ended' | 'not-yet'

/** How long before its end a key, or the keyset, is warned about, in ms. */
export const warnBeforeMs = 30 * 86_400_000

/** Whether a key counts at `now` (ms), and for how much longer. */
export function standing(key: Key, now: number): Standing {
  if (now < Date.parse(key.notBefore)) return 'not-yet'
  const left = Date.parse(key.notAfter) - now
  if (left < 0) return 'ended'
  return left < warnBeforeMs ? 'ends-soon' : 'counts'
}
