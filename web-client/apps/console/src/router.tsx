import { type ComponentType, lazy, useSyncExternalStore } from 'react'

/** What a page is given: the part of the path that its pattern left open. */
export interface PageProps {
  readonly id: string
  readonly query: URLSearchParams
}

type Load = () => Promise<ComponentType<PageProps>>

/** A page behind the hash: `#/notice/<id>` is the pattern `/notice/`. */
export interface Route {
  readonly path: string
  readonly page: ComponentType<PageProps>
  /** Opens without a key, for whoever has none yet. */
  readonly open?: boolean
}

function route(path: string, load: Load, open = false): Route {
  return { path, page: lazy(async () => ({ default: await load() })), open }
}

const routes: readonly Route[] = [
  route('/', async () => (await import('./board/BoardPage.js')).BoardPage),
  route('/new', async () => (await import('./compose/ComposePage.js')).ComposePage),
  route('/update/', async () => (await import('./compose/UpdatePage.js')).UpdatePage),
  route('/notice/', async () => (await import('./notice/NoticePage.js')).NoticePage),
  route('/approve/', async () => (await import('./approve/ApprovePage.js')).ApprovePage),
  route('/key', async () => (await import('./keys/KeyPage.js')).KeyPage),
  route('/staff', async () => (await import('./staff/StaffPage.js')).StaffPage),
  route('/invite', async () => (await import('./staff/InvitePage.js')).InvitePage, true),
  route('/contacts', async () => (await import('./contacts/ContactsPage.js')).ContactsPage),
  route('/cohorts', async () => (await import('./cohorts/CohortsPage.js')).CohortsPage),
  route('/connected', async () => (await import('./connected/ConnectedPage.js')).ConnectedPage),
  route('/posture', async () => (await import('./posture/PosturePage.js')).PosturePage),
]

/** The place that the hash names; undefined for one that does not exist. */
export interface Place extends PageProps {
  readonly route: Route | undefined
  readonly path: string
}

function locate(hash: string): Place {
  const [path = '', query = ''] = (hash.slice(1) || '/').split('?')
  const found =
    routes.find((r) => r.path === path) ??
    routes.find((r) => r.path.length > 1 && r.path.endsWith('/') && path.startsWith(r.path))
  const id = decoded(found?.path.endsWith('/') ? path.slice(found.path.length) : '')
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
