import type { Template } from './template.js'

export const calls: Template = {
  id: 'calls',
  name: 'Video visits don’t work',
  category: ['Infra', 'Health'],
  responseType: ['Execute'],
  preset: 'serious',
  lastsHours: 4,
  nextUpdateMinutes: 60,
  pauseBooking: true,
  fields: ['clinic', 'telephone', 'since'],
  texts: {
    en: {
      event: 'Video visits interrupted',
      headline: 'Video visits are not working now',
      instruction:
        'If you have a visit today, keep your telephone with you: we will call you at the time of your appointment. In an emergency, call your local emergency number. Do not wait for us.',
      description:
        'Since {since}, video visits at {clinic} break off or do not start. We are repairing it.',
    },
    es: {
      event: 'Videoconsultas interrumpidas',
      headline: 'Las videoconsultas no funcionan en este momento',
      instruction:
        'Si tiene una consulta hoy, tenga su teléfono a mano: le llamaremos a la hora de su cita. En una emergencia, llame al número de emergencias de su zona. No nos espere.',
      description:
        'Desde el {since}, las videoconsultas de {clinic} se cortan o no empiezan. Lo estamos reparando.',
    },
    ar: {
      event: 'انقطاع الزيارات بالفيديو',
      headline: 'الزيارات بالفيديو لا تعمل الآن',
      instruction:
        'إذا كان لديك موعد اليوم فأبقِ هاتفك قريبًا منك: سنتصل بك في وقت موعدك. في حالة الطوارئ اتصل برقم الطوارئ المحلي ولا تنتظرنا.',
      description: 'منذ {since} تنقطع الزيارات بالفيديو في {clinic} أو لا تبدأ. نعمل على إصلاحها.',
    },
    de: {
      event: 'Videosprechstunde gestört',
      headline: 'Videosprechstunden funktionieren zurzeit nicht',
      instruction:
        'Wenn Sie heute einen Termin haben, halten Sie Ihr Telefon bereit: Wir rufen Sie zur Zeit Ihres Termins an. Wählen Sie im Notfall die örtliche Notrufnummer. Warten Sie nicht auf uns.',
      description:
        'Seit dem {since} brechen Videosprechstunden von {clinic} ab oder beginnen nicht. Wir beheben die Störung.',
    },
  },
}
