import type { Template } from './template.js'

export const breach: Template = {
  id: 'breach',
  name: 'Patients’ data seen or stolen',
  category: ['Security'],
  responseType: ['Prepare'],
  preset: 'serious',
  lastsHours: 24 * 14,
  nextUpdateMinutes: 24 * 60,
  pauseBooking: false,
  breach: true,
  fields: ['clinic', 'telephone', 'happened', 'found', 'data'],
  texts: {
    en: {
      event: 'Data breach',
      headline: 'Some of your health information may have been seen by others',
      instruction:
        'Check your bills and letters from your insurer for anything you did not have. Change your portal password if you use it elsewhere. Nobody from {clinic} will ask you for a password or a payment because of this.',
      description:
        'On {happened}, somebody got into a system of {clinic} without permission. We noticed it on {found}. This kind of information may be affected: {data}. We have closed the way in, and experts are examining what happened. Everyone who is affected will also get a letter.',
    },
    es: {
      event: 'Filtración de datos',
      headline: 'Es posible que otras personas hayan visto parte de su información de salud',
      instruction:
        'Revise sus facturas y las cartas de su seguro y busque servicios que usted no recibió. Cambie su contraseña del portal si la usa en otros sitios. Nadie de {clinic} le pedirá una contraseña ni un pago por este motivo.',
      description:
        'El {happened}, alguien entró sin permiso en un sistema de {clinic}. Lo descubrimos el {found}. Puede afectar a esta información: {data}. Hemos cerrado el acceso y expertos están investigando lo ocurrido. Todas las personas afectadas recibirán también una carta.',
    },
    ar: {
      event: 'تسرّب بيانات',
      headline: 'ربما اطّلع آخرون على جزء من معلوماتك الصحية',
      instruction:
        'راجع فواتيرك ورسائل شركة التأمين وابحث عن أي خدمة لم تحصل عليها. غيّر كلمة مرور البوابة إن كنت تستخدمها في مواقع أخرى. لن يطلب منك أحد من {clinic} كلمة مرور أو دفعة مالية بسبب ذلك.',
      description:
        'في {happened} دخل شخص دون إذن إلى أحد أنظمة {clinic}. اكتشفنا ذلك في {found}. قد تشمل المعلومات المتأثرة ما يلي: {data}. لقد أغلقنا منفذ الدخول ويحقق خبراء في ما حدث. سيتلقى كل شخص متأثر رسالة بالبريد أيضًا.',
    },
    de: {
      event: 'Datenpanne',
      headline: 'Andere haben möglicherweise einen Teil Ihrer Gesundheitsdaten gesehen',
      instruction:
        'Prüfen Sie Rechnungen und Schreiben Ihrer Versicherung auf Leistungen, die Sie nicht erhalten haben. Ändern Sie Ihr Portal-Passwort, falls Sie es auch anderswo verwenden. Niemand von {clinic} wird deswegen ein Passwort oder eine Zahlung von Ihnen verlangen.',
      description:
        'Am {happened} ist jemand unbefugt in ein System von {clinic} eingedrungen. Wir haben es am {found} bemerkt. Diese Angaben können betroffen sein: {data}. Wir haben den Zugang geschlossen, Fachleute untersuchen den Vorfall. Wer betroffen ist, bekommt auch einen Brief.',
    },
  },
}
