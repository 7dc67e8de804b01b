import { regionalOf } from '../ui/locale.js'
import type { FieldName, Texts } from './templates/index.js'

/** What was filled in: text, `YYYY-MM-DD`, `YYYY-MM-DDTHH:MM`, or ids of data kinds. */
export interface Values {
  readonly clinic: string
  readonly telephone: string
  readonly since: string
  readonly happened: string
  readonly found: string
  readonly data: readonly string[]
}

export const fieldLabels: Readonly<Record<FieldName, string>> = {
  clinic: 'Your institution’s name',
  telephone: 'Telephone for questions',
  since: 'Since when',
  happened: 'When it happened',
  found: 'When it was discovered',
  data: 'Which data may be affected',
}

/** Kinds of data of a breach, in the languages of the templates. */
export const dataKinds: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  names: { en: 'names', es: 'nombres', ar: 'الأسماء', de: 'Namen' },
  contact: {
    en: 'addresses, telephone numbers and e-mail addresses',
    es: 'direcciones, teléfonos y correos electrónicos',
    ar: 'العناوين وأرقام الهاتف والبريد الإلكتروني',
    de: 'Adressen, Telefonnummern und E-Mail-Adressen',
  },
  birth: {
    en: 'dates of birth',
    es: 'fechas de nacimiento',
    ar: 'تواريخ الميلاد',
    de: 'Geburtsdaten',
  },
  visits: {
    en: 'appointments and visit notes',
    es: 'citas y notas de las consultas',
    ar: 'المواعيد وملاحظات الزيارات',
    de: 'Termine und Notizen zu Besuchen',
  },
  diagnoses: {
    en: 'diagnoses, results and medicines',
    es: 'diagnósticos, resultados y medicamentos',
    ar: 'التشخيصات والنتائج والأدوية',
    de: 'Diagnosen, Befunde und Medikamente',
  },
  insurance: {
    en: 'insurance numbers',
    es: 'números de seguro médico',
    ar: 'أرقام التأمين',
    de: 'Versichertennummern',
  },
  social: {
    en: 'Social Security numbers',
    es: 'números de la Seguridad Social',
    ar: 'أرقام الضمان الاجتماعي',
    de: 'Sozialversicherungsnummern',
  },
  payment: { en: 'payment details', es: 'datos de pago', ar: 'بيانات الدفع', de: 'Zahlungsdaten' },
}

/** The words of one language with everything filled in that is known. */
export function fill(texts: Texts, values: Values, language: string): Texts {
  const one = (text: string) =>
    text.replace(/\{(clinic|telephone|since|happened|found|data)\}/g, (whole, name: FieldName) => {
      return written(name, values, language) || whole
    })
  return {
    event: one(texts.event),
    headline: one(texts.headline),
    instruction: one(texts.instruction),
    description: one(texts.description),
  }
}

/** The names that texts still hold in braces. */
export function unfilled(texts: Texts): FieldName[] {
  const found =
    Object.values(texts)
      .join(' ')
      .match(/\{(\w+)\}/g) ?? []
  const names = found.map((brace) => brace.slice(1, -1))
  return [...new Set(names)].filter((name): name is FieldName => name in fieldLabels)
}

function written(name: FieldName, values: Values, language: string): string {
  switch (name) {
    case 'clinic':
    case 'telephone':
      return values[name].trim()
    case 'data': {
      const words = values.data.map(
        (kind) => dataKinds[kind]?.[base(language)] ?? dataKinds[kind]?.en,
      )
      const list = new Intl.ListFormat(language, { type: 'conjunction' })
      return list.format(words.filter((word): word is string => word !== undefined))
    }
    case 'since':
      return inWords(values.since, language, { dateStyle: 'long', timeStyle: 'short' })
    case 'happened':
    case 'found':
      return inWords(values[name] && `${values[name]}T12:00`, language, { dateStyle: 'long' })
  }
}

function inWords(local: string, language: string, form: Intl.DateTimeFormatOptions): string {
  const date = new Date(local)
  if (local === '' || Number.isNaN(date.getTime())) return ''
  return new Intl.DateTimeFormat(regionalOf(language), form).format(date)
}

function base(language: string): string {
  return language.split('-')[0] ?? language
}
