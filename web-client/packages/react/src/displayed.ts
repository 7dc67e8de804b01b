import type { ShownNotice } from '@tocsin/client'
import { type RefObject, useEffect } from 'react'
import { useTocsin } from './provider.js'

/**
 * Tells the client when a reader could really see a revision: half of the element, or
 * half of the window or of the list that scrolls, if that is smaller, in a page that is not in the background.
 */
export function useDisplayed(
  element: RefObject<Element | null>,
  notice: ShownNotice,
  open: boolean,
): void {
  const client = useTocsin()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another hash is another revision; nothing else of a notice matters here
  useEffect(() => {
    const seen = element.current
    if (!seen || !open || typeof IntersectionObserver === 'undefined') return
    let inSight = false
    const tell = () => {
      if (inSight && document.visibilityState === 'visible') client.displayed(notice)
    }
    const observer = new IntersectionObserver(
      (entries) => {
        const entry = entries.at(-1)
        if (!entry) return
        const { intersectionRatio, intersectionRect, rootBounds } = entry
        const list = seen.parentElement?.clientHeight || Infinity
        const half = Math.min(rootBounds?.height ?? innerHeight, list) / 2
        inSight = intersectionRatio >= 0.5 || intersectionRect.height >= half
        tell()
      },
      { threshold: [0, 0.1, 0.2, 0.3, 0.4, 0.5] },
    )
    observer.observe(seen)
    document.addEventListener('visibilitychange', tell)
    return () => {
      observer.disconnect()
      document.removeEventListener('visibilitychange', tell)
    }
  }, [client, element, notice.identifier, notice.hash, open])
}
