import { Board, type Keyset, parseTrust, type Trust } from '@tocsin/client/verify'
import * as z from 'zod/mini'
import type { SignedEnvelope } from '../desk/index.js'

const stored = 'tocsin-console:roots'
const trustShape = z.object({
  roots: z.array(z.object({ keyid: z.string(), publicKey: z.string() })),
  rootThreshold: z.number(),
})
const knownShape = z.object({
  served: trustShape,
  inForce: trustShape,
  version: z.number(),
})

/** What this browser knows of a desk's root keys, from the first time that it was here. */
export interface KnownRoots {
  /** As /v1/trust had them. */
  readonly served: Trust
  /** Those of the newest keyset that was verified here: roots may hand over to others. */
  readonly inForce: Trust
  /** Of that keyset. */
  readonly version: number
}

/** A keyset that its roots have signed, and as it was signed. */
export interface Rooted {
  readonly keyset: Keyset
  readonly envelope: SignedEnvelope
}

/** A desk's keyset, as judged by the roots that this browser knows. */
export type TrustedKeyset =
  | ({ readonly state: 'verified'; readonly roots: KnownRoots } & Rooted)
  /** The desk has none yet. */
  | { readonly state: 'none' }
  /** The roots have not signed it, or it is older than one that was seen. */
  | { readonly state: 'refused' }
  /** The desk names other roots than those that this browser knows. */
  | { readonly state: 'changed'; readonly before: Trust; readonly now: Trust }

/**
 * Verifies a keyset by the roots that are known here; by those that the desk names if none
 * are. The desk alone can't bring in others: somebody has to compare them.
 */
export async function trustKeyset(
  pem: string,
  envelope: SignedEnvelope | undefined,
  known: KnownRoots | null,
): Promise<TrustedKeyset> {
  const served = await parseTrust(pem)
  if (known && !areSame(known.served, served)) {
    return { state: 'changed', before: known.served, now: served }
  }
  if (!envelope) return { state: known ? 'refused' : 'none' }
  const keyset =
    (await rooted(envelope, known?.inForce ?? served)) ?? (await rooted(envelope, served))
  if (!keyset || keyset.version < (known?.version ?? 0)) return { state: 'refused' }
  const { roots, rootThreshold, version } = keyset
  return {
    state: 'verified',
    keyset,
    envelope,
    roots: { served, inForce: { roots, rootThreshold }, version },
  }
}

/** The keyset, if enough of those roots have signed it. */
async function rooted(envelope: SignedEnvelope, trust: Trust): Promise<Keyset | undefined> {
  const board = new Board(trust, true)
  await board.fold({ seq: 1, body: envelope })
  return board.keyset
}

function areSame(a: Trust, b: Trust): boolean {
  const text = ({ roots, rootThreshold }: Trust) =>
    [rootThreshold, ...roots.map(({ keyid }) => keyid).sort()].join()
  return text(a) === text(b)
}

/** What was remembered of the roots; null for nothing. */
export function recallRoots(): KnownRoots | null {
  try {
    return knownShape.parse(JSON.parse(localStorage.getItem(stored) ?? 'null'))
  } catch {
    return null
  }
}

/** Remembers the roots; null forgets them, and the next that the desk names are taken. */
export function rememberRoots(roots: KnownRoots | null): void {
  try {
    if (roots) localStorage.setItem(stored, JSON.stringify(roots))
    else localStorage.removeItem(stored)
  } catch {
    // A browser that keeps nothing knows the desk anew each time.
  }
}
