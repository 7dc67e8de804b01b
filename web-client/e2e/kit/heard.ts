import type { BrowserContext, Page } from '@playwright/test'

declare global {
  interface Window {
    heard: string[]
  }
}

/** Logs what live regions of every page say, as a screen reader would hear it. */
export async function hear(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    window.heard = []
    const regions = '[role=alert], [role=status], [aria-live=polite], [aria-live=assertive]'
    const settled = new WeakSet<Element>()
    const look = () => {
      for (const region of document.querySelectorAll(regions)) settled.add(region)
    }
    new MutationObserver((changes) => {
      for (const { target, addedNodes } of changes) {
        const at = target instanceof Element ? target : target.parentElement
        const region = at?.closest(regions)
        // What a region holds when it appears is not announced, nor what is removed.
        if (!region || !settled.has(region)) continue
        for (const node of addedNodes) {
          const text = node.textContent?.replace(/\s+/g, ' ').trim()
          if (text) window.heard.push(`${region.getAttribute('role') ?? 'live'}: ${text}`)
        }
      }
      look()
    }).observe(document, { subtree: true, childList: true, characterData: true })
  })
}

/** All that this page has announced since it was loaded. */
export const heard = (page: Page): Promise<string[]> => page.evaluate(() => window.heard)
