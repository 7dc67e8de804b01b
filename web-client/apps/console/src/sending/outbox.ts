import { useSyncExternalStore } from 'react'
import * as z from 'zod/mini'
import { type Answer, type Desk, isProblem, type SignedEnvelope } from '../desk/index.js'
import { envelopeShape } from '../desk/shapes.js'

/** A signed document whose fate is not known; composed anew it would be another one. */
export interface Pending {
  readonly identifier: string
  readonly title: string
  readonly envelope: SignedEnvelope
}

const stored = 'tocsin-console:outbox'
const storedShape = z.array(
  z.object({ identifier: z.string(), title: z.string(), envelope: envelopeShape }),
)

const listeners = new Set<() => void>()
let pending: readonly Pending[] = recall() ?? []
/** Those on their first way to the desk: whoever sent them is told by `send`. */
const leaving = new Set<string>()
let open = pending

/** What is stored, by another tab perhaps; null where nothing can be. */
function recall(): readonly Pending[] | null {
  try {
    return storedShape.parse(JSON.parse(localStorage.getItem(stored) ?? '[]'))
  } catch {
    return null
  }
}

function set(next: readonly Pending[]): void {
  pending = next
  open = next.filter((item) => !leaving.has(item.identifier))
  for (const listener of listeners) listener()
}

/** Takes an item away and puts another in its place, if any; what other tabs hold stays. */
function replace(identifier: string, item?: Pending): void {
  const others = (recall() ?? pending).filter((one) => one.identifier !== identifier)
  const next = item ? [...others, item] : others
  try {
    localStorage.setItem(stored, JSON.stringify(next))
  } catch {
    // Then this page alone knows of it, and says so until it is closed.
  }
  set(next)
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
  const { identifier, envelope } = item
  const again = pending.some((one) => one.identifier === identifier)
  if (!again) leaving.add(identifier)
  replace(identifier, item)
  try {
    const answer = await desk.submit(envelope, onUnconfirmed, again)
    replace(identifier)
    return answer
  } catch (error) {
    if (isProblem(error) && error.name !== 'unconfirmed') replace(identifier)
    throw error
  } finally {
    if (leaving.delete(identifier)) set(pending)
  }
}

/** Another tab has sent something, or has learnt of its fate. */
function hear({ key }: StorageEvent): void {
  if (key === stored) set(recall() ?? pending)
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) addEventListener('storage', hear)
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) removeEventListener('storage', hear)
  }
}

/** What was sent, and may or may not be published. */
export function unsettled(): readonly Pending[] {
  return open
}

/** What is unsettled, and again whenever that changes. */
export function usePending(): readonly Pending[] {
  return useSyncExternalStore(subscribe, unsettled)
}
