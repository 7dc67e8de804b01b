import type { Template } from './template.js'

export const back: Template = {
  id: 'back',
  name: 'It works again',
  category: ['Infra', 'Health'],
  responseType: ['AllClear'],
  preset: 'information',
  lastsHours: 24,
  nextUpdateMinutes: 0,
  pauseBooking: false,
  fields: ['clinic', 'telephone', 'since'],
  texts: {
    en: {
      event: 'Systems restored',
      headline: 'Our systems work again',
      instruction:
        'You can use the portal and video visits as usual. If you sent a request during the outage and have no answer, please send it again or call us.',
      description:
        'Since {since}, all services of {clinic} work again. Thank you for your patience.',
    },
    es: {
      event: 'Sistemas restablecidos',
      headline: 'Nuestros sistemas vuelven a funcionar',
      instruction:
        'Puede usar el portal y las videoconsultas como siempre. Si envió una solicitud durante el fallo y no tiene respuesta, envíela de nuevo o llámenos.',
      description:
        'Desde el {since}, todos los servicios de {clinic} funcionan de nuevo. Gracias por su paciencia.',
    },
    ar: {
      event: 'عودة الأنظمة',
      headline: 'أنظمتنا تعمل من جديد',
      instruction:
        'يمكنك استخدام البوابة والزيارات بالفيديو كالمعتاد. إذا أرسلت طلبًا أثناء العطل ولم تتلقَّ ردًا فأرسله مرة أخرى أو اتصل بنا.',
      description: 'منذ {since} تعمل جميع خدمات {clinic} من جديد. شكرًا لصبركم.',
    },
    de: {
      event: 'Systeme wiederhergestellt',
      headline: 'Unsere Systeme funktionieren wieder',
      instruction:
        'Sie können Portal und Videosprechstunde wie gewohnt nutzen. Haben Sie während des Ausfalls eine Anfrage gesendet und keine Antwort, senden Sie sie bitte erneut oder rufen Sie an.',
      description:
        'Seit dem {since} funktionieren alle Dienste von {clinic} wieder. Danke für Ihre Geduld.',
    },
  },
}
