/** What may have happened, as a person in charge would say it. */
export interface Situation {
  readonly kind: 'login-down' | 'keys-stolen' | 'everyone-reset'
  readonly title: string
  /** Tells it from the other two. */
  readonly when: string
  /** What changes for patients, in their terms. */
  readonly effect: readonly string[]
  /** How it ends. */
  readonly afterwards: string
}

export const situations: readonly Situation[] = [
  {
    kind: 'login-down',
    title: 'Login is down',
    when: 'Patients can’t log in, and nothing was stolen.',
    effect: [
      'Nobody sees less. Who is logged in stays so; who was here within 30 days still gets notices to their group.',
      'The nodes put off work that does not serve the crisis.',
    ],
    afterwards: 'When login works again: “All clear” below.',
  },
  {
    kind: 'everyone-reset',
    title: 'Everyone was reset',
    when: 'All passwords or sessions were reset, because some were in wrong hands.',
    effect: [
      'Logins from before are void at once: nobody sees private notices until they log in anew.',
      'Notices to everybody, and to groups on devices that know their owner, go on.',
    ],
    afterwards: 'It needs no end: who logs in anew has a good login at once.',
  },
  {
    kind: 'keys-stolen',
    title: 'Keys are stolen',
    when: 'The signing keys of the identity provider may be in wrong hands: anyone could pose as any patient.',
    effect: [
      'No login there counts any more, old or new. Nobody who logs in there sees private notices.',
      'Devices that knew their owner before it happened still get notices to their group. Later ones get public notices only.',
    ],
    afterwards:
      'When the provider has new keys: “Believe it again” below. Everyone there logs in anew.',
  },
]
