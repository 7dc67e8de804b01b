import type { Role } from '@tocsin/client/verify'
import { ownerForm } from '../keys/index.js'

/** The roles that a person may be invited to; a beacon is a server's. */
export const staffRoles = ['publisher', 'approver', 'contacts', 'operator'] as const

/** What an invitation says: it grants nothing by itself. */
export interface Invitation {
  readonly owner: string
  readonly roles: readonly Role[]
  /** Who invites. */
  readonly by: string
}

/** The link that a new colleague opens. */
export function invitationLink(origin: string, { owner, roles, by }: Invitation): string {
  const query = new URLSearchParams({ name: owner, roles: roles.join(','), by })
  return `${origin}/#/invite?${query}`
}

/** Reads the query of such a link. What is not of its form is left out. */
export function readInvitation(query: URLSearchParams): Invitation {
  const ownerOrNone = (name: string) => {
    const value = query.get(name) ?? ''
    return ownerForm.test(value) ? value : ''
  }
  const asked = (query.get('roles') ?? '').split(',')
  return {
    owner: ownerOrNone('name'),
    roles: staffRoles.filter((role) => asked.includes(role)),
    by: ownerOrNone('by'),
  }
}

/** The commands by which whoever holds the root key lets a key count. */
export function addCommands(
  owner: string,
  roles: readonly Role[],
  days: number,
  desk: string,
): string {
  const flags = roles.map((role) => `--role ${role}`).join(' ')
  return [
    `tocsin keyset add keyset.json ${owner}.pub ${flags} --until ${days}d`,
    'tocsin keyset sign keyset.json --key root.key',
    `tocsin keyset publish keyset.json --desk ${desk}`,
  ].join('\n')
}
