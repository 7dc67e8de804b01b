import type {
  ContactCard,
  Freshness,
  Info,
  Notice,
  Severity,
  ShownNotice,
  State,
} from '@tocsin/client'
import type { TocsinClient } from '../src/provider.js'

/** A client whose state is set by hand; it notes what it was told. */
export interface HandClient extends TocsinClient {
  readonly set: (change: Partial<State>) => void
  readonly log: string[]
}

export const empty: State = {
  notices: [],
  contacts: [],
  tier: 'public',
  auth: { state: 'none' },
  freshness: { state: 'live', since: new Date('2026-03-02T14:05:00Z') },
  ready: true,
  keysetExpired: false,
}

export function clientWith(change: Partial<State> = {}): HandClient {
  let state: State = { ...empty, ...change }
  const listeners = new Set<() => void>()
  const log: string[] = []
  return {
    log,
    set(next) {
      state = { ...state, ...next }
      for (const listener of listeners) listener()
    },
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start: () => void log.push('start'),
    stop: () => void log.push('stop'),
    signOut: async () => void log.push('signOut'),
    tokensChanged: () => void log.push('tokensChanged'),
    displayed: (n) => void log.push(`displayed ${n.identifier} ${n.revision}`),
    confirm: (n) => void log.push(`confirm ${n.identifier} ${n.revision}`),
    directive: () => ({ on: false, notices: [], freshness: state.freshness }),
  }
}

export interface Wanted {
  readonly id?: string
  readonly revision?: number
  readonly severity?: Severity
  readonly status?: Notice['status']
  readonly phase?: ShownNotice['phase']
  readonly infos?: readonly Partial<Info>[]
  readonly signers?: readonly string[]
  readonly mayHaveEnded?: boolean
  readonly history?: readonly Notice[]
}

export const english: Partial<Info> = {
  language: 'en-US',
  headline: 'Appointments and results are unavailable',
  instruction:
    'If you need care today, call us or come to the front desk. Your medicine list is at your pharmacy.\nIn an emergency call 911.',
  description:
    'Our record system has been down since 12:10. We are working without it; your care goes on.',
  contact: 'Front desk, 8:00 to 20:00',
  web: 'https://status.clinic.example/record-system',
}

export const spanish: Partial<Info> = {
  language: 'es',
  headline: 'Las citas y los resultados no están disponibles',
  instruction: 'Si necesita atención hoy, llámenos o venga a la recepción.',
  description: 'Nuestro sistema de historias clínicas no funciona desde las 12:10.',
}

export const arabic: Partial<Info> = {
  language: 'ar',
  headline: 'المواعيد والنتائج غير متاحة',
  instruction: 'إذا كنت بحاجة إلى رعاية اليوم فاتصل بنا أو تعال إلى الاستقبال.',
  description: 'نظام السجلات لدينا متوقف منذ الساعة 12:10.',
  contact: 'الاستقبال، من الساعة 8:00 إلى 20:00',
}

export function noticeOf(wanted: Wanted = {}): Notice {
  const { id = 'n1', revision = 0, severity = 'Extreme', status = 'Actual' } = wanted
  return {
    identifier: revision ? `${id}-${revision}` : id,
    sender: 'clinic.example',
    sent: `2026-03-02T14:0${revision}:00-00:00`,
    status,
    msgType: revision ? 'Update' : 'Alert',
    scope: 'Public',
    info: (wanted.infos ?? [english, spanish, arabic]).map((info) => ({
      category: ['Health'],
      event: 'Record system down',
      urgency: 'Immediate',
      severity,
      certainty: 'Observed',
      expires: '2026-03-03T14:00:00-00:00',
      parameter: [{ valueName: 'nextUpdateBy', value: '2026-03-02T15:00:00-00:00' }],
      ...info,
    })),
  }
}

export function shownOf(wanted: Wanted = {}): ShownNotice {
  const { id = 'n1', revision = 0, phase = 'active' } = wanted
  const notice = noticeOf(wanted)
  const withdrawn = phase === 'withdrawn'
  const cancel: Notice = {
    ...notice,
    identifier: `${id}-cancel`,
    sent: '2026-03-02T16:20:00-00:00',
    msgType: 'Cancel',
    note: 'The record system works again. Booked appointments were kept.',
    info: [],
  }
  return {
    identifier: id,
    revision,
    hash: `${id}/${revision}/${phase}`,
    phase,
    mayHaveEnded: wanted.mayHaveEnded ?? false,
    notice,
    current: withdrawn ? cancel : notice,
    history: wanted.history ?? (withdrawn ? [notice, cancel] : [notice]),
    sent: new Date(notice.sent),
    expires: new Date('2026-03-03T14:00:00Z'),
    nextUpdateBy: new Date('2026-03-02T15:00:00Z'),
    withdrawnAt: withdrawn ? new Date(cancel.sent) : null,
    withdrawnNote: withdrawn ? (cancel.note ?? '') : '',
    signers: wanted.signers ?? ['ana-ruiz', 'li-wei'],
  }
}

export const cards: readonly ContactCard[] = [
  {
    language: 'en',
    audience: 'patient',
    name: 'Patient line',
    telephone: '+1 555 0100',
    hours: 'day and night',
  },
  { language: 'es', audience: 'patient', name: 'Línea de pacientes', telephone: '+1 555 0101' },
  { language: 'ar', audience: 'patient', name: 'خط المرضى', telephone: '+1 555 0102' },
  { language: 'en', audience: 'staff', name: 'Control room', telephone: '+1 555 0199' },
]

export const stale: Freshness = {
  state: 'stale',
  since: new Date('2026-03-02T14:05:00Z'),
  reason: 'offline',
}
