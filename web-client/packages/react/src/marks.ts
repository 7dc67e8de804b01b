import { useSyncExternalStore } from 'react'
import { type TocsinClient, useShared } from './provider.js'

/** What happened to one revision of a notice in this tab. */
export type Mark = 'folded' | 'unfolded' | 'hidden' | 'read' | 'said'

/** The reader's marks, of this tab only: the next patient has folded nothing. */
export interface Marks {
  readonly subscribe: (listener: () => void) => () => void
  readonly read: () => ReadonlySet<string>
  /** Sets one mark of a revision and takes another away. */
  readonly set: (hash: string, mark: Mark, instead?: Mark) => void
  /** Forgets all when somebody who was signed in no longer is; until the result is called. */
  readonly follow: (client: TocsinClient) => () => void
}

const key = 'tocsin.marks'
const signedIn = 'signed-in'
const none: ReadonlySet<string> = new Set()

export function createMarks(): Marks {
  let marks: ReadonlySet<string> | null = null
  const listeners = new Set<() => void>()

  const read = () => (marks ??= new Set(load()))
  const replace = (next: ReadonlySet<string>) => {
    marks = next
    save([...next])
    for (const listener of listeners) listener()
  }
  return {
    read,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    set(hash, mark, instead) {
      const next = new Set(read()).add(mark + hash)
      if (instead) next.delete(instead + hash)
      replace(next)
    },
    follow(client) {
      let before = 'public'
      const look = () => {
        const { tier, freshness } = client.getState()
        const known = read().has(signedIn)
        if (tier !== 'public' && !known) replace(new Set(read()).add(signedIn))
        // A page that was just loaded has yet to hear who is there.
        const told = before !== 'public' || freshness.state === 'live'
        if (tier === 'public' && known && told) replace(none)
        before = tier
      }
      look()
      return client.subscribe(look)
    },
  }
}

/** Whether the reader put this mark on this revision. */
export function useMarks(): (hash: string, mark: Mark) => boolean {
  const { marks } = useShared()
  const set = useSyncExternalStore(marks.subscribe, marks.read, () => none)
  return (hash, mark) => set.has(mark + hash)
}

// Storage may be full, forbidden or absent; then marks last as long as the page. Anything may
// stand there.

function load(): string[] {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? '[]').map(String)
  } catch {
    return []
  }
}

function save(marks: readonly string[]): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(marks))
  } catch {}
}
