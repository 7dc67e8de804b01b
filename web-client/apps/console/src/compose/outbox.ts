import { useSyncExternalStore } from 'react'
import { type Answer, type Desk, isProblem, type SignedEnvelope } from '../desk/index.js'

/** A signed document whose fate is not known; composed anew it would be another one. */
export interface Pending {
  readonly identifier: string
  readonly title: string
  readonly envelope: SignedEnvelope
}

const stored = 'tocsin-console:outbox'
const listeners = new Set<() => void>()
let pending: readonly Pending[] = recall()
/** Those on their first way to the desk: whoever sent them is told by `send`. */
const leaving = new Set<string>()
let open = pending

function recall(): Pending[] {
  try {
    return JSON.parse(localStorage.getItem(stored) ?? '[]') as Pending[]
  } catch {
    return []
  }
}

function set(next: readonly Pending[]): void {
  pending = next
  open = next.filter((item) => !leaving.has(item.identifier))
  try {
    localStorage.setItem(stored, JSON.stringify(next))
  } catch {
    // Then this page alone knows of it, and says so until it is closed.
  }
  for (const listener of listeners) listener()
}

/**
 * Hands a signed document to the desk. It is kept before it leaves, and dropped when its
 * fate is known: published, waiting, or refused. An `unconfirmed` one stays, and is asked
 * for again by Outbox.
 */
export async function send(
  desk: Desk,
  item: Pending,
  onUnconfirmed?: (attempt: number) => void,
): Promise<Answer> {
  if (!pending.some((one) => one.identifier === item.identifier)) leaving.add(item.identifier)
  set([...pending.filter((one) => one.identifier !== item.identifier), item])
  try {
    const answer = await desk.submit(item.envelope, onUnconfirmed)
    drop(item.identifier)
    return answer
  } catch (error) {
    if (isProblem(error) && error.name !== 'unconfirmed' && error.name !== 'network') {
      drop(item.identifier)
    }
    throw error
  } finally {
    if (leaving.delete(item.identifier)) set(pending)
  }
}

function drop(identifier: string): void {
  set(pending.filter((one) => one.identifier !== identifier))
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** What was sent, and may or may not be published. */
export function unsettled(): readonly Pending[] {
  return open
}

/** What is unsettled, and again whenever that changes. */
export function usePending(): readonly Pending[] {
  return useSyncExternalStore(subscribe, unsettled)
}
