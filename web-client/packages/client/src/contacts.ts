import { isTime } from './datetime.js'
import { host, version } from './keyset.js'
import type { Contacts } from './model.js'
import { must } from './rule.js'
import { fits, type Shape } from './shape.js'

const line = /^\P{Cc}*$/u

const contacts: Shape = {
  version,
  sent: isTime,
  cards: [
    {
      language: /^[a-z\d-]{1,35}$/i,
      audience: line,
      name: /^\P{Cc}+$/u,
      // Both become links, so nothing may be in them that a link interprets.
      telephone: /^[\d+*#(). /-]{0,40}$/,
      email: RegExp(`^([\\w.+-]{1,64}@${host})?$`),
      hours: line,
    },
    0,
    200,
  ],
}

/** Checks contact cards by themselves. Throws. */
export function checkContacts(read: unknown): void {
  must(fits(read, contacts))
  must((read as Contacts).cards?.every((c) => c.telephone || c.email) ?? true)
}
