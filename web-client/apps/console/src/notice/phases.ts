import type { Thread } from '../desk/index.js'

const words: Readonly<Record<Thread['phase'], string>> = {
  active: 'It is showing now.',
  withdrawn: 'Withdrawn. Readers see it as withdrawn for 24 hours.',
  over: 'It has ended. Nobody sees it any more.',
  unconfirmed: 'It is not known yet whether it was published.',
}

/** Where a thread stands, in words. */
export function phaseWords(phase: Thread['phase']): string {
  return words[phase]
}
