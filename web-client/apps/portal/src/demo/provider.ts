// The demo's switch: it takes the login provider's keys away, and gives them back.

export type ProviderState = 'up' | 'down' | 'unknown'

/** How the provider is; with `to`, after it was made so. */
export async function provider(to?: 'up' | 'down'): Promise<ProviderState> {
  try {
    const answer = to
      ? await fetch(`/dev/provider?state=${to}`, { method: 'POST' })
      : await fetch('/dev/provider', { cache: 'no-store' })
    const { state }: { state?: unknown } = await answer.json()
    return state === 'up' || state === 'down' ? state : 'unknown'
  } catch {
    return 'unknown'
  }
}

/**
 * Deletes what Tocsin keeps in this browser. The page has to be loaded again: an open one
 * remembers.
 */
export function forgetTocsin(shared: Storage): void {
  const keys = Array.from({ length: shared.length }, (_, i) => shared.key(i) ?? '')
  for (const key of keys) if (key.startsWith('tocsin')) shared.removeItem(key)
}
