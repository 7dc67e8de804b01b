import { useSyncExternalStore } from 'react'
import { Desk } from '../desk/index.js'
import { keyring, type StaffKey, signPayload } from '../keys/index.js'

/** Whether the desk knows who is here. */
export type Session =
  | { readonly state: 'out' }
  | { readonly state: 'asking'; readonly owner: string }
  | { readonly state: 'in'; readonly owner: string; readonly roles: readonly string[] }
  | { readonly state: 'refused'; readonly error: unknown }

/** The desk that serves this page. */
export const desk = new Desk()

const stayedOut = 'tocsin-console:signed-out'

let session: Session = { state: 'out' }
/** Counts the keys that were chosen: an answer to an earlier one says nothing of this one. */
let choice = 0
const listeners = new Set<() => void>()

function set(next: Session): void {
  session = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Proves to the desk that the key is here. No identity provider takes part in it. */
export async function signIn(key: StaffKey): Promise<void> {
  const mine = ++choice
  sessionStorage.removeItem(stayedOut)
  keyring.choose(key.keyid)
  desk.setKey((type, payload) => signPayload(key, type, payload))
  set({ state: 'asking', owner: key.owner })
  try {
    const { owner, roles } = await desk.login()
    if (mine === choice) set({ state: 'in', owner, roles })
  } catch (error) {
    if (mine === choice) set({ state: 'refused', error })
  }
}

/** Ends the login of this page. The key stays in the browser unless it is removed there. */
export function signOut(): void {
  choice++
  sessionStorage.setItem(stayedOut, 'yes')
  desk.setKey(null)
  set({ state: 'out' })
}

/** Signs in by itself where a key is kept, unless one has signed out on purpose. */
export async function resume(): Promise<void> {
  await keyring.load()
  const { active } = keyring.get()
  if (active && session.state === 'out' && !sessionStorage.getItem(stayedOut)) await signIn(active)
}

/** Who is signed in, and again whenever that changes. */
export function useSession(): Session {
  return useSyncExternalStore(subscribe, () => session)
}
