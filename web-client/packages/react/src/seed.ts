import type { Notice } from '@tocsin/client'
import { Board, cardsOf, parseTrust, show, visible } from '@tocsin/client/verify'
import type { Initial, PlainNotice } from './initial.js'
import { loadTexts, primaryOf, spokenOf } from './texts.js'

export interface SeedOptions {
  /** The reader's languages, as of the request's Accept-Language, most preferred first. */
  readonly languages?: readonly string[]
  /** As given to TocsinProvider. */
  readonly surface?: string
  /** Take the keyset of a node in dev mode. Never for patients. */
  readonly allowDev?: boolean
}

interface Snapshot {
  readonly now: number
  readonly since: string
  readonly entries: readonly { readonly seq: number; readonly envelope: unknown }[]
}

/**
 * Verifies the text of GET /v1/snapshot on a server, for TocsinProvider's `initial`. What
 * does not verify is left out; what is no snapshot, or has no keyset that verifies, gives
 * null: render without. The browser verifies all of it again.
 */
export async function renderableSeed(
  snapshotText: string,
  roots: string,
  { languages, surface, allowDev = false }: SeedOptions = {},
): Promise<Initial | null> {
  const board = new Board(await parseTrust(roots), allowDev)
  const snapshot = read(snapshotText)
  for (const { seq, envelope } of snapshot?.entries ?? []) await board.fold({ seq, body: envelope })
  if (!snapshot || !board.keyset) return null

  const { now, since } = snapshot
  const claimed = [
    ...(surface ? [`surface:${surface}`] : []),
    ...(languages ?? []).flatMap((language) => [`lang:${language}`, `lang:${primaryOf(language)}`]),
  ]
  const threads = board.threads.filter((t) => visible(t.alert.notice as Notice, 'public', claimed))
  return {
    seed: snapshotText,
    notices: show(threads, now, now).map(plain),
    contacts: cardsOf(board.contacts),
    keysetExpired: Date.parse(board.keyset.expires) < now,
    since,
    ...(languages && { languages, texts: await loadTexts(spokenOf(languages)) }),
  }
}

/** A node that answers with something else must not take the page down. */
function read(text: string): Snapshot | null {
  try {
    const { serverTime, source, entries } = JSON.parse(text)
    const now = Date.parse(serverTime)
    const since = new Date(now - source.sinceMs).toISOString()
    return { now, since, entries: entries.map(Object) }
  } catch {
    return null
  }
}

function plain(shown: ReturnType<typeof show>[number]): PlainNotice {
  return JSON.parse(JSON.stringify(shown))
}
