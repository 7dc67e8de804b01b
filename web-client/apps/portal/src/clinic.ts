// What the portal of a real clinic would ask its own servers for. All of it is made up.

import type { ContactCard } from '@tocsin/client'

export const clinicName = 'Harbour View Family Health'

export interface Patient {
  readonly id: string
  readonly name: string
  readonly givenName: string
  /** The site of the clinic: the token's `tenant`. */
  readonly site: 'north' | 'south'
}

export const patients: readonly Patient[] = [
  { id: 'pat-1', name: 'Maya Okafor', givenName: 'Maya', site: 'north' },
  { id: 'pat-2', name: 'Daniel Ruiz', givenName: 'Daniel', site: 'south' },
  { id: 'pat-3', name: 'Leila Haddad', givenName: 'Leila', site: 'north' },
]

export type Way = 'inPerson' | 'video' | 'phone'
export type Cause = 'checkUp' | 'followUp' | 'newProblem' | 'vaccination' | 'other'

export interface Appointment {
  readonly id: string
  readonly at: Date
  readonly way: Way
  readonly cause: Cause
  readonly clinician: string
  /** The video visit's room: the token's `session`. */
  readonly visit?: string
}

export const clinicians = ['Dr. Amara Singh', 'Dr. Tomas Lindqvist', 'Nurse Beatriz Costa'] as const

/** The next appointments of a patient, the nearest first. */
export function appointmentsOf(patient: Patient, now: Date): readonly Appointment[] {
  const at = (days: number, hour: number, minute: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour, minute)
  return [
    {
      id: 'a1',
      at: nextQuarter(now),
      way: 'video',
      cause: 'followUp',
      clinician: clinicians[0],
      visit: `visit-${patient.id}`,
    },
    { id: 'a2', at: at(12, 10, 30), way: 'inPerson', cause: 'checkUp', clinician: clinicians[1] },
    {
      id: 'a3',
      at: at(41, 8, 45),
      way: 'inPerson',
      cause: 'vaccination',
      clinician: clinicians[2],
    },
  ]
}

function nextQuarter(now: Date): Date {
  const quarter = 15 * 60_000
  return new Date(Math.ceil(now.getTime() / quarter) * quarter)
}

/** Shown until verified cards have come: a portal that is cut off still says whom to call. */
export const builtInContacts: readonly ContactCard[] = [
  {
    language: 'en',
    audience: 'patient',
    name: 'Harbour View reception',
    telephone: '+1 555 010 0142',
    hours: 'every day, 7:00 to 21:00',
  },
  {
    language: 'es',
    audience: 'patient',
    name: 'Recepción de Harbour View',
    telephone: '+1 555 010 0143',
    hours: 'todos los días, de 7:00 a 21:00',
  },
  {
    language: 'ar',
    audience: 'patient',
    name: 'استقبال هاربر فيو',
    telephone: '+1 555 010 0144',
    hours: 'كل يوم من 7:00 إلى 21:00',
  },
  {
    language: 'de',
    audience: 'patient',
    name: 'Empfang Harbour View',
    telephone: '+1 555 010 0145',
    hours: 'täglich 7 bis 21 Uhr',
  },
]
