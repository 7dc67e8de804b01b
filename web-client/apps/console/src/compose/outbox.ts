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

function recall(): Pending[] {
  try {
    return JSON.parse(localStorage.getItem(stored) ?? '[]') as Pending[]
  } catch {
    return []
  }
}

function set(next: readonly Pending[]): void {
  pending = next
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
 * for again by `settle`.
 */
export async function send(
  desk: Desk,
  item: Pending,
  onUnconfirmed?: (attempt: number) => void,
): Promise<Answer> {
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
  }
}

function drop(identifier: string): void {
  set(pending.filter((one) => one.identifier !== identifier))
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** What is still open, and again whenever that changes. */
export function usePending(): readonly Pending[] {
  return useSyncExternalStore(subscribe, () => pending)
}
