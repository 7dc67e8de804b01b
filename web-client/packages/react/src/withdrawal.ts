import { chooseInfo, type Notice, type ShownNotice } from '@tocsin/client'

/** Why a notice was withdrawn, and in which language (BCP 47) that is said. */
export interface Reason {
  readonly note: string
  readonly language?: string | undefined
}

export interface Withdrawal extends Reason {
  readonly at: Date
}

export function withdrawalOf(
  shown: ShownNotice,
  languages: readonly string[],
): Withdrawal | undefined {
  const { phase, withdrawnAt, sent, current, notice } = shown
  if (phase !== 'withdrawn') return undefined
  return { at: withdrawnAt ?? sent, ...reasonIn(current, notice, languages) }
}

/**
 * What a Cancel says in the reader's language, otherwise its note. That has no language of its
 * own: staff write it in the first of the notice.
 */
export function reasonIn(
  cancel: Notice,
  { info: [first] = [] }: Notice,
  languages: readonly string[],
): Reason {
  const { info } = chooseInfo(cancel, languages)
  return info
    ? {
        note: [info.headline, info.instruction, info.description].filter(Boolean).join('\n'),
        language: info.language,
      }
    : { note: cancel.note ?? '', language: first?.language }
}
