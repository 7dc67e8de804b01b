import type { Plural } from './texts.js'

const verified: Plural = {
  one: 'Verified: signed by {n} person',
  other: 'Verified: signed by {n} people',
}

/** English, built in: it is there when nothing can be loaded. */
export const en = {
  language: 'en' as string,
  region: 'Important notices',
  skip: 'Skip the notices',
  severity: {
    Extreme: 'Extreme',
    Severe: 'Severe',
    Moderate: 'Moderate',
    Minor: 'Minor',
    Unknown: 'Notice',
  },
  status: { Exercise: 'EXERCISE', Test: 'TEST' },
  notReal: { Exercise: 'This is practice. Nothing has happened.', Test: 'This is only a test.' },
  whatToDo: 'What to do',
  whatHappened: 'What happened',
  whomToCall: 'Whom to call',
  more: 'More on',
  verified,
  sent: 'Sent',
  changed: 'Changed',
  withdrawn: 'Withdrawn',
  nextUpdate: 'Next update by',
  mayHaveEnded: 'This may have ended.',
  otherLanguage: 'This notice is not available in your language. Call us:',
  callUs: 'Call us:',
  nothingVerified: 'Notices cannot be shown at the moment. If you need help, call us:',
  keysetExpired: 'The list of those who may sign notices has expired. To be sure, call us.',
  live: 'Live',
  connecting: 'Connecting …',
  notUpdated: 'Not updated since {time}',
  neverUpdated: 'Not updated yet',
  offline: 'You are offline.',
  fold: 'Make smaller',
  unfold: 'Show more',
  hide: 'Hide',
  read: 'I have read this',
  haveRead: 'You have marked this as read',
  centre: 'Notices',
  none: 'There are no notices.',
  history: 'What was said before',
}
