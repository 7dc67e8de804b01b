import type { Notice } from '@tocsin/client'
import { Board, parseTrust, show, visible } from '@tocsin/client/verify'
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
  readonly serverTime: string
  readonly source: { readonly state: string; readonly sinceMs: number }
  readonly entries: readonly { readonly seq: number; readonly envelope: unknown }[]
}

/**
 * Verifies the text of GET /v1/snapshot on a server, for TocsinProvider's `initial`. What
 * does not verify is left out; a snapshot without a keyset that verifies gives null:
 * render without. The browser verifies all of it again.
 */
export async function renderableSeed(
  snapshotText: string,
  roots: string,
  { languages, surface, allowDev = false }: SeedOptions = {},
): Promise<Initial | null> {
  const snapshot = JSON.parse(snapshotText) as Snapshot
  const board = new Board(await parseTrust(roots), allowDev)
  for (const { seq, envelope } of snapshot.entries) await board.fold({ seq, body: envelope })
  if (!board.keyset) return null

  const now = Date.parse(snapshot.serverTime)
  const claimed = [
    ...(surface ? [`surface:${surface}`] : []),
    ...(languages ?? []).flatMap((language) => [`lang:${language}`, `lang:${primaryOf(language)}`]),
  ]
  const threads = board.threads.filter((t) => visible(t.alert.notice as Notice, 'public', claimed))
  const { sinceMs } = snapshot.source
  return {
    seed: snapshotText,
    notices: show(threads, now, now).map(plain),
    contacts: (board.contacts?.cards ?? []).map((card) => ({ audience: '', ...card })),
    keysetExpired: Date.parse(board.keyset.expires) < now,
    since: new Date(now - sinceMs).toISOString(),
    ...(languages && { languages, texts: await loadTexts(spokenOf(languages)) }),
  }
}

function plain(shown: ReturnType<typeof show>[number]): PlainNotice {
  return JSON.parse(JSON.stringify(shown))
}
