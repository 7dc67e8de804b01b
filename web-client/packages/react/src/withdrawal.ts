import { chooseInfo, type Notice, type ShownNotice } from '@tocsin/client'

/** Why a notice was withdrawn, and in which language (BCP 47) that is said: '' if nobody knows. */
export interface Reason {
  readonly note: string
  readonly language?: string | undefined
}

export interface Withdrawal extends Reason {
  readonly at: Date
}

export function withdrawalOf(
  { withdrawnAt: at, current, notice }: ShownNotice,
  languages: readonly string[],
): Withdrawal | null {
  return at && { at, ...reasonIn(current, notice, languages) }
}

/**
 * What a Cancel says in the reader's language, otherwise its note. That has no language of its
 * own: staff write it in the first of the notice. If they wrote in each of several, a line each,
 * nothing tells which line is in which.
 */
export function reasonIn(
  cancel: Notice,
  { info: [first, more] = [] }: Notice,
  languages: readonly string[],
): Reason {
  const { info } = chooseInfo(cancel, languages)
  const { note = '' } = cancel
  return info
    ? {
        note: [info.headline, info.instruction, info.description].filter(Boolean).join('\n'),
        language: info.language,
      }
    : { note, language: more && note.includes('\n') ? '' : first?.language }
}
