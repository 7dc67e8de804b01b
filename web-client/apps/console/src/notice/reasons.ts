import type { Notice } from '@tocsin/client'

/** Why something is withdrawn, in the languages of the templates. */
type Reason = Readonly<Record<string, string>> & { readonly en: string }

/** The usual reasons. */
export const reasons: readonly Reason[] = [
  {
    en: 'It is over.',
    es: 'Ya ha terminado.',
    ar: 'انتهى الأمر.',
    de: 'Es ist vorbei.',
  },
  {
    en: 'It was sent by mistake. There is nothing to do.',
    es: 'Se envió por error. No tiene que hacer nada.',
    ar: 'أُرسل هذا الإشعار عن طريق الخطأ. ليس عليك فعل أي شيء.',
    de: 'Diese Mitteilung wurde versehentlich gesendet. Sie müssen nichts tun.',
  },
  {
    en: 'It was wrong. A correct notice follows.',
    es: 'Era incorrecto. Enviaremos un aviso correcto.',
    ar: 'كان هذا الإشعار غير صحيح. سيصلك إشعار صحيح.',
    de: 'Diese Mitteilung war falsch. Eine richtige folgt.',
  },
]

/**
 * A reason in every language of a notice, a line each, in English for those that have no template:
 * the note of a Cancel is one text, and one with a text for each language would need a second
 * signature.
 */
export function reasonFor(reason: Reason, notice: Notice | undefined): string {
  const languages = notice?.info?.map(({ language = 'en' }) => language.split('-')[0] ?? '') ?? []
  const lines = languages.map((language) => reason[language] ?? reason.en)
  return [...new Set(lines)].join('\n') || reason.en
}
