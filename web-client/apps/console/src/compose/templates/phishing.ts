import type { Template } from './template.js'

export const phishing: Template = {
  id: 'phishing',
  name: 'False messages in our name',
  category: ['Security'],
  responseType: ['Avoid'],
  preset: 'serious',
  lastsHours: 24 * 3,
  nextUpdateMinutes: 24 * 60,
  pauseBooking: false,
  fields: ['clinic', 'telephone', 'since'],
  texts: {
    en: {
      event: 'False messages',
      headline: 'False messages are being sent in our name',
      instruction:
        'Do not open links in messages that ask you to sign in, to pay or to confirm your data. If you have entered a password there, change it now. If you are unsure, call us.',
      description:
        'Since {since}, people have been getting e-mails, text messages or calls that seem to come from {clinic}. They do not come from us. We never ask for passwords or payments in this way.',
    },
    es: {
      event: 'Mensajes falsos',
      headline: 'Se están enviando mensajes falsos en nuestro nombre',
      instruction:
        'No abra enlaces de mensajes que le pidan iniciar sesión, pagar o confirmar sus datos. Si escribió una contraseña allí, cámbiela ahora. Si tiene dudas, llámenos.',
      description:
        'Desde el {since}, algunas personas reciben correos, mensajes o llamadas que parecen ser de {clinic}. No son nuestros. Nunca pedimos contraseñas ni pagos de esta manera.',
    },
    ar: {
      event: 'رسائل مزيفة',
      headline: 'تُرسَل رسائل مزيفة باسمنا',
      instruction:
        'لا تفتح روابط في رسائل تطلب منك تسجيل الدخول أو الدفع أو تأكيد بياناتك. إذا أدخلت كلمة مرور هناك فغيّرها الآن. إن لم تكن متأكدًا فاتصل بنا.',
      description:
        'منذ {since} يتلقى بعض الأشخاص رسائل أو مكالمات تبدو كأنها من {clinic}، وهي ليست منا. نحن لا نطلب كلمات مرور أو دفعات بهذه الطريقة أبدًا.',
    },
    de: {
      event: 'Gefälschte Nachrichten',
      headline: 'In unserem Namen werden gefälschte Nachrichten verschickt',
      instruction:
        'Öffnen Sie keine Links in Nachrichten, die eine Anmeldung, eine Zahlung oder die Bestätigung Ihrer Daten verlangen. Haben Sie dort ein Passwort eingegeben, ändern Sie es jetzt. Rufen Sie uns im Zweifel an.',
      description:
        'Seit dem {since} erhalten Menschen E-Mails, Kurznachrichten oder Anrufe, die von {clinic} zu kommen scheinen. Sie sind nicht von uns. Wir fragen auf diesem Weg nie nach Passwörtern und verlangen so keine Zahlungen.',
    },
  },
}
