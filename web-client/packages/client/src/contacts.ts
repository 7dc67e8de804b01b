import { isTime } from './datetime.js'
import { host, maxVersion } from './keyset.js'
import type { Contacts } from './model.js'
import { must } from './rule.js'
import { fits, within } from './shape.js'

const line = /^\P{Cc}*$/u

const contacts = {
  version: within(1, maxVersion),
  sent: isTime,
  cards: [
    {
      language: /^[A-Za-z\d-]{1,35}$/,
      audience: line,
      name: /^\P{Cc}+$/u,
      // Both become links, so nothing may be in them that a link interprets.
      telephone: /^[\d+*#(). /-]{0,40}$/,
      email: isEmail,
      hours: line,
    },
    0,
    200,
  ],
} as const

function isEmail(value: unknown): boolean {
  const [local = '', at = '', ...more] = String(value ?? '').split('@')
  return (
    (value ?? '') === '' ||
    (typeof value === 'string' && /^[\w.+-]{1,64}$/.test(local) && host.test(at) && !more.length)
  )
}

/** Checks contact cards by themselves. Throws. */
export function checkContacts(read: unknown): asserts read is Contacts {
  must(fits(read, contacts), 'contacts')
  const { cards = [] } = read as Contacts
  must(
    cards.every((c) => c.telephone || c.email),
    'contacts.cards',
  )
}
