import { useSyncExternalStore } from 'react'

/** What a page is given: the part of the path that its pattern left open. */
export interface PageProps {
  readonly id: string
  readonly query: URLSearchParams
}

/** The pages behind the hash: `#/notice/<id>` is the pattern `/notice/`. */
const paths = [
  '/',
  '/new',
  '/update/',
  '/notice/',
  '/approve/',
  '/key',
  '/staff',
  '/invite',
  '/contacts',
  '/cohorts',
  '/connected',
  '/posture',
] as const

export type Path = (typeof paths)[number]

/** The place that the hash names; undefined for one that does not exist. */
export interface Place extends PageProps {
  readonly route: Path | undefined
  readonly path: string
}

function locate(hash: string): Place {
  const [path = '', query = ''] = (hash.slice(1) || '/').split('?')
  const found =
    paths.find((p) => p === path) ??
    paths.find((p) => p.length > 1 && p.endsWith('/') && path.startsWith(p))
  const id = decoded(found?.endsWith('/') ? path.slice(found.length) : '')
  const route = id === undefined ? undefined : found
  return { route, path, id: id ?? '', query: new URLSearchParams(query) }
}

/** A part of a link; undefined for one that was cut in the middle of a character. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

function listen(change: () => void): () => void {
  addEventListener('hashchange', change)
  return () => removeEventListener('hashchange', change)
}

/** Where one is, and again whenever the hash changes. */
export function usePlace(): Place {
  return locate(useSyncExternalStore(listen, () => location.hash))
}

/** Goes to a path such as `/notice/…`. */
export function go(path: string): void {
  location.hash = `#${path}`
}
