import { useSyncExternalStore } from 'react'
import { Desk } from '../desk/index.js'
import { forgetDrafts } from '../keys/drafts.js'
import { isReady, keyring, type ReadyKey, type StaffKey, signPayload } from '../keys/index.js'

/** Whether the desk knows who is here. */
export type Session =
  /** `idle`: since nobody touched the page. */
  | { readonly state: 'out'; readonly idle: boolean }
  | { readonly state: 'asking'; readonly owner: string }
  | { readonly state: 'in'; readonly owner: string; readonly roles: readonly string[] }
  | { readonly state: 'refused'; readonly error: unknown }

/** The desk that serves this page. */
export const desk = new Desk()

/** Tells the other tabs. What it says makes them do less, never more. */
const tabs = new BroadcastChannel('tocsin-console')

let session: Session = { state: 'out', idle: false }
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
export async function signIn(key: ReadyKey): Promise<void> {
  const mine = ++choice
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

/** Ends the login of this page, and locks its keys. */
function end(idle: boolean): void {
  choice++
  desk.setKey(null)
  keyring.lock()
  set({ state: 'out', idle })
}

/**
 * Signs out in every tab. Drafts stay for the key that they were written with, unless it is
 * not kept here.
 */
export function signOut(): void {
  leave()
  tabs.postMessage('signed-out')
}

/** Signs out in this tab alone; the drafts of a key that is not kept go with it. */
export function leave(): void {
  for (const { keyid, kept } of keyring.get().keys ?? []) if (!kept) forgetDrafts(keyid)
  end(false)
}

/** Signs this tab out, since nobody touches it. Another may be in use. */
export function signOutIdle(): void {
  end(true)
}

/** Goes on with another key, once it is open. */
export function switchTo(key: StaffKey): void {
  if (isReady(key)) return void signIn(key)
  end(false)
  keyring.choose(key.keyid)
}

/** Tells the other tabs that a key is there no more. */
export function tellKeysChanged(): void {
  tabs.postMessage('keys')
}

tabs.addEventListener('message', ({ data }) => {
  if (data === 'signed-out') leave()
  if (data === 'keys') void keyring.reload()
})

/** Who is signed in, and again whenever that changes. */
export function useSession(): Session {
  return useSyncExternalStore(subscribe, () => session)
}
