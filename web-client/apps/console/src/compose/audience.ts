import type { Notice, Scope } from '@tocsin/client'
import type { Audience as Connected } from '../desk/index.js'

export type AudienceKind = 'everyone' | 'tenant' | 'group' | 'cohort' | 'session' | 'staff'

/** Whom a notice is for; `values` as typed, without the kind. */
export interface Audience {
  readonly kind: AudienceKind
  readonly values: readonly string[]
}

interface Choice {
  readonly kind: AudienceKind
  readonly name: string
  readonly hint: string
  /** What the values are called; absent where there are none. */
  readonly values?: string
}

export const choices: readonly Choice[] = [
  {
    kind: 'everyone',
    name: 'Everyone',
    hint: 'Signed in or not.',
  },
  {
    kind: 'tenant',
    name: 'Patients of some clinics',
    hint: 'Who has signed in there, now or lately.',
    values: 'Clinics',
  },
  {
    kind: 'group',
    name: 'Some groups',
    hint: 'Such as dialysis, as the login names them.',
    values: 'Groups',
  },
  {
    kind: 'cohort',
    name: 'People on a list',
    hint: 'A cohort that was uploaded.',
    values: 'Cohorts',
  },
  {
    kind: 'session',
    name: 'One video visit',
    hint: 'Only those in this call.',
    values: 'The call’s number',
  },
  { kind: 'staff', name: 'Staff only', hint: 'No patient sees it.' },
]

const labelValue = /^[!#-[\]-~]{1,128}$/

/** Whether this can stand behind the colon of a label. */
export function isLabelValue(value: string): boolean {
  return labelValue.test(value)
}

/** The addresses of CAP for an audience: labels `kind:value`. */
export function addressesOf({ kind, values }: Audience): string[] {
  if (kind === 'everyone') return []
  return kind === 'staff' ? ['group:staff'] : values.map((value) => `${kind}:${value}`)
}

/** The tier that a reader needs. Everybody but "everyone" proves a label, by token or ticket. */
export function scopeOf({ kind }: Audience): Scope {
  return kind === 'everyone' ? 'Public' : 'Restricted'
}

/** The audience in words, as readers of the log see it. */
export function restrictionOf({ kind, values }: Audience): string {
  const listed = values.join(', ')
  switch (kind) {
    case 'everyone':
      return ''
    case 'tenant':
      return `Patients of ${listed}`
    case 'group':
      return `The groups ${listed}`
    case 'cohort':
      return `The people on the list ${listed}`
    case 'session':
      return 'One video visit'
    case 'staff':
      return 'Staff'
  }
}

/**
 * Who gets a notice, by what readers go by: its scope, addresses and status. What the
 * sender calls them (`restriction`) decides nothing.
 */
export function forWhom({
  scope,
  status,
  addresses = [],
}: Pick<Notice, 'scope' | 'status' | 'addresses'>): string {
  const kinds = new Map<string, string[]>()
  for (const address of addresses) {
    const [kind = '', ...rest] = address.split(':')
    kinds.set(kind, [...(kinds.get(kind) ?? []), rest.join(':')])
  }
  const parts = [...kinds].map(([kind, values]) => those(kind, values))
  if (status === 'Test') parts.push('staff, since it is a test')
  if (scope === 'Private') parts.push('who is logged in now')
  const words = parts.join('; of these only ') || 'everyone'
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** Those who have one of the values. */
function those(kind: string, values: readonly string[]): string {
  const any = [...new Set(values)].join(' or ')
  switch (kind) {
    case 'tenant':
      return `patients of ${any}`
    case 'group':
      return any === 'staff' ? 'staff' : `the group ${any}`
    case 'cohort':
      return `the people on the list ${any}`
    case 'session':
      return `the video visit ${any}`
    case 'subject':
      return 'one person'
    case 'surface':
      return `who has open: ${any}`
    case 'lang':
      return `who reads ${any}`
    default:
      return `${kind} ${any}`
  }
}

/** The audience that addresses mean; null for one that this form does not make. */
export function audienceFrom(addresses: readonly string[]): Audience | null {
  if (addresses.length === 0) return { kind: 'everyone', values: [] }
  if (addresses.length === 1 && addresses[0] === 'group:staff') return { kind: 'staff', values: [] }
  const kinds = new Set(addresses.map((address) => address.split(':')[0]))
  const [kind] = kinds
  const found = choices.find((choice) => choice.kind === kind && choice.values)
  if (kinds.size !== 1 || !found) return null
  const values = addresses.map((address) => address.slice(found.kind.length + 1))
  return { kind: found.kind, values }
}

/**
 * How many sessions of the audience are connected now; null where that can't be known: no
 * node counts calls one by one, or nothing was heard. Somebody with two tabs counts twice.
 */
export function reachOf(audience: Audience, connected: Connected | undefined): number | null {
  if (!connected || audience.kind === 'session') return null
  if (audience.kind === 'everyone') return connected.sessions
  return addressesOf(audience).reduce((sum, label) => sum + (connected.byLabel[label] ?? 0), 0)
}

/** The values of a kind that somebody who is connected has, the most frequent first. */
export function knownValues(kind: AudienceKind, connected: Connected | undefined): string[] {
  return Object.entries(connected?.byLabel ?? {})
    .filter(([label]) => label.startsWith(`${kind}:`) && label !== 'group:staff')
    .sort(([, a], [, b]) => b - a)
    .map(([label]) => label.slice(kind.length + 1))
}
