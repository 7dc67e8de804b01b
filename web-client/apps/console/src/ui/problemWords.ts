/** What a person reads of an error: what happened, and what to do. */
export interface Words {
  readonly title: string
  readonly todo: string
  /** The server's own words, for whoever helps. */
  readonly detail?: string
}

/** Of a desk that speaks otherwise than this page: it was renewed while the page stood open. */
const strangers = [
  'This page and the desk don’t understand each other.',
  'Load the page again; drafts are kept. If it stays, publish from the command line: tocsin publish --help.',
] as const

const words: Record<string, readonly [title: string, todo: string]> = {
  unauthenticated: ['Your login has ended.', 'Sign in again; what you wrote is kept.'],
  'login-refused': [
    'The desk does not know this key.',
    'It must be named in the keyset, and be valid today. Ask whoever holds the root key, and compare fingerprints by telephone.',
  ],
  forbidden: [
    'Your key does not have the role for this.',
    'Ask a colleague who has it; see People.',
  ],
  'not-found': [
    'There is nothing under this name.',
    'It may have ended, lapsed or been withdrawn. Look on the board.',
  ],
  'already-published': ['This is published already.', 'Nothing is left to do.'],
  superseded: [
    'Somebody else was faster.',
    'There is a newer version now. Look at it, then make your change again.',
  ],
  conflict: [
    'Another text waits under this name.',
    'Look at the proposals on the board, and withdraw the one that is wrong.',
  ],
  withdrawn: [
    'Another text was taken back under this name.',
    'Nothing was sent. Go back and sign again: that gives it a name of its own.',
  ],
  'too-many': ['The desk has been asked too often.', 'Wait a minute, then try again.'],
  'too-big': [
    'This is too long to be sent.',
    'A notice may have 32 KiB in all languages together. Shorten it.',
  ],
  misdirected: [
    'The desk is not meant to be reached under this address.',
    'Use the address that your administrator gave you.',
  ],
  'bad-request': strangers,
  'media-type': strangers,
  'not-acceptable': strangers,
  method: strangers,
  unavailable: [
    'The desk can’t publish at the moment; nothing was sent.',
    'It is starting, or the log has no majority. Try again in a minute; what you wrote is kept.',
  ],
  unconfirmed: [
    'It is not known whether it was published.',
    'Do not write it anew: readers could get both. To try again here is safe: the same signed text is sent.',
  ],
  network: [
    'The desk does not answer.',
    'Look at your network. What you wrote is kept; try again.',
  ],
  'no-key': ['You are not signed in.', 'Open your key, then do it again; what you wrote is kept.'],
  http: [
    'What answered is not the desk.',
    'Something between this computer and the desk is broken. Try again; if it stays, tell your administrator.',
  ],
  internal: [
    'The desk has a fault.',
    'Try again. If it stays, publish from the command line: tocsin publish --help.',
  ],
}

const rules: Record<string, string> = {
  'admission.cancelled': 'The notice is withdrawn, for good. Send a new one.',
  'admission.over': 'The notice has ended. Send a new one.',
  superseded: 'Something newer is published. Look at it, then write yours again.',
  'keyset.version': 'A newer keyset is in force. Make the change again, from that one.',
  'contacts.version': 'Newer cards are in force. Look at them, then make your change again.',
  'posture.version': 'A newer posture is in force. Look at it, then make your change again.',
  'admission.version':
    'Its number is far above that of what is in force, as if it was made from something else. Load this page again, then make the change again.',
  'admission.text':
    'It holds a character that nobody can see, as copied text may. Type those words anew, then sign again.',
  'admission.restriction':
    'It goes to everyone, and says that it is for some only. Choose for whom, then sign again.',
  'admission.parameters':
    'What it does differs from language to language. Make that the same in each, then sign again.',
  'admission.identifier': 'Its name is not of the right form. Go back and sign again.',
  'admission.expires': 'Its end is past. Choose a later one.',
  'admission.key':
    'A key that signed it is not valid now. Ask whoever holds the root key for a new keyset.',
  expires: 'Choose an end that is in the future, and at most 400 days away.',
  'info.linkHosts':
    'Links may lead only to the hosts that the keyset names. Remove the link, or use one of these.',
  'info.web': 'A link begins with https:// and leads to a page without login.',
  'admission.sent':
    'The clock of this computer is wrong, or the notice was signed long ago. Set the clock, then sign again.',
  'signature.key': 'This key can’t sign this. Another role is needed, or the key is not valid now.',
  'signature.owner':
    'You have signed already, with another key. The other signature must be a colleague’s.',
  publisher: 'One signature must be a publisher’s. Ask a publisher to begin.',
  root: 'One signature must be of a root key in force. Ask whoever keeps the root keys.',
  unsigned: 'None of the signatures counts: the key is not in the keyset, or not valid now.',
  'admission.audience': 'This audience does not exist. Choose another.',
}

/** What is written down under a name that somebody else chose. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

function member(error: object, name: string): string {
  const value: unknown = Reflect.get(error, name)
  return typeof value === 'string' ? value : ''
}

/** Puts an error (a problem document of RFC 9457, a failed fetch, anything) in plain words. */
export function problemWords(error: unknown): Words {
  if (typeof error !== 'object' || error === null) {
    return { title: 'Something went wrong.', todo: 'Try again.', detail: String(error) }
  }
  const name = member(error, 'name')
  const detail = member(error, 'detail') || member(error, 'message')
  const known = own(words, name)
  if (known) return { title: known[0], todo: known[1], detail }
  const rule = member(error, 'rule')
  if (name === 'rule' || rule) {
    const todo =
      own(rules, rule) ??
      own(rules, rule.split('.')[0] ?? '') ??
      'Change what is named below, then sign again.'
    return {
      title: 'The desk does not accept this.',
      todo,
      detail: [rule, detail].filter(Boolean).join(': '),
    }
  }
  return { title: member(error, 'title') || 'Something went wrong.', todo: 'Try again.', detail }
}
