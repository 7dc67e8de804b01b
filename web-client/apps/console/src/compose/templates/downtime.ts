import type { Template } from './template.js'

export const downtime: Template = {
  id: 'downtime',
  name: 'Our systems are down',
  category: ['Infra', 'Health'],
  responseType: ['Execute'],
  preset: 'serious',
  lastsHours: 8,
  nextUpdateMinutes: 120,
  pauseBooking: true,
  fields: ['clinic', 'telephone', 'since'],
  texts: {
    en: {
      event: 'System outage',
      headline: 'Our systems are down. Care goes on.',
      instruction:
        'Come to your appointment as planned, and bring your list of medicines. Call us for urgent questions and prescriptions. In an emergency, call your local emergency number.',
      description:
        'Since {since}, booking, results and messages of {clinic} can’t be used. We are working on it.',
    },
    es: {
      event: 'Fallo de los sistemas',
      headline: 'Nuestros sistemas no funcionan. La atención continúa.',
      instruction:
        'Acuda a su cita como estaba previsto y traiga su lista de medicamentos. Llámenos para preguntas urgentes y recetas. En una emergencia, llame al número de emergencias de su zona.',
      description:
        'Desde el {since} no se pueden usar las citas, los resultados ni los mensajes de {clinic}. Estamos trabajando para resolverlo.',
    },
    ar: {
      event: 'تعطّل الأنظمة',
      headline: 'أنظمتنا متوقفة، والرعاية مستمرة',
      instruction:
        'تعالَ إلى موعدك كما هو مقرر وأحضر معك قائمة أدويتك. اتصل بنا للأسئلة العاجلة والوصفات الطبية. في حالة الطوارئ اتصل برقم الطوارئ المحلي.',
      description:
        'منذ {since} لا يمكن استخدام المواعيد والنتائج والرسائل في {clinic}. نعمل على حل المشكلة.',
    },
    de: {
      event: 'Systemausfall',
      headline: 'Unsere Systeme sind ausgefallen. Die Versorgung geht weiter.',
      instruction:
        'Kommen Sie wie geplant zu Ihrem Termin und bringen Sie Ihre Medikamentenliste mit. Rufen Sie uns bei dringenden Fragen und für Rezepte an. Wählen Sie im Notfall die örtliche Notrufnummer.',
      description:
        'Seit dem {since} sind Terminbuchung, Befunde und Nachrichten von {clinic} nicht nutzbar. Wir arbeiten daran.',
    },
  },
}
