// Who is signed in on this computer. Only the patient's id is kept, for the other pages
// and tabs; tokens come from the demo issuer whenever Tocsin asks, and are never stored.

import { type Patient, patients } from './clinic.js'

export interface LoginState {
  /** Another one for every sign-in; null if nobody is signed in. */
  readonly id: string | null
  readonly patient: Patient | null
  /** The video visit that this tab has joined. */
  readonly visit: string | null
  /** The demo ended this tab's login: the issuer gives no more tokens. */
  readonly ended: boolean
  /** Somebody has just signed out here, in this tab. */
  readonly signedOut: boolean
}

export interface LoginParts {
  /** Shared by the tabs of this origin. */
  readonly shared: Storage
  /** This tab's own. */
  readonly own: Storage
  readonly fetch: (url: string) => Promise<Response>
}

export type Login = ReturnType<typeof openLogin>

const patientKey = 'portal:patient'
const endedKey = 'portal:login-ended'
const nobody: LoginState = {
  id: null,
  patient: null,
  visit: null,
  ended: false,
  signedOut: false,
}

export function openLogin({ shared, own, fetch }: LoginParts) {
  const listeners = new Set<() => void>()
  let lastToken = false
  let state: LoginState = {
    ...remembered(shared),
    ended: own.getItem(endedKey) !== null,
  }

  const become = (next: LoginState) => {
    if (state.id && next.id !== state.id) wipe(own)
    state = next
    for (const listener of listeners) listener()
  }

  return {
    getState: () => state,
    subscribe(listener: () => void) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    signIn({ id }: Patient) {
      shared.setItem(patientKey, `${id} ${crypto.randomUUID()}`)
      become(remembered(shared))
    },
    /** Ends the login in all tabs, and leaves nothing of the patient in any of them. */
    signOut() {
      wipe(shared)
      become({ ...nobody, signedOut: true })
    },
    /** Another tab may have signed in or out, while this one slept or lay in the history. */
    lookAgain() {
      const found = remembered(shared)
      if (found.id !== state.id) become(found)
    },
    joinVisit: (visit: string) => become({ ...state, visit }),
    leaveVisit: () => become({ ...state, visit: null }),
    /** The demo's "expire my token": one more token, good for a second, and none after it. */
    end() {
      lastToken = true
      own.setItem(endedKey, '')
      become({ ...state, ended: true })
    },
    renew() {
      lastToken = false
      own.removeItem(endedKey)
      become({ ...state, ended: false })
    },
    /** For Tocsin. It fails as a login fails: the ticket speaks then. */
    async getToken(): Promise<string | null> {
      const { patient, visit, ended } = state
      if (!patient) return null
      if (ended && !lastToken) throw new Error('the login has ended')
      lastToken = false
      const query = new URLSearchParams({ sub: patient.id, tenant: patient.site })
      if (visit) query.set('session', visit)
      if (ended) query.set('ttl', '1s')
      const answer = await fetch(`/dev/token?${query}`)
      if (!answer.ok) throw new Error(`the demo issuer answered ${answer.status}`)
      return (await answer.text()).trim()
    },
  }
}

function remembered(shared: Storage): LoginState {
  const id = shared.getItem(patientKey)
  const patient = patients.find((p) => p.id === id?.split(' ')[0])
  return patient ? { ...nobody, id, patient } : nobody
}

/** Deletes what the portal itself keeps; Tocsin forgets what is its own. */
function wipe(storage: Storage): void {
  const keys = Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? '')
  for (const key of keys) if (key.startsWith('portal:')) storage.removeItem(key)
}
