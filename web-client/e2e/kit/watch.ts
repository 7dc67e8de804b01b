import type { BrowserContext } from '@playwright/test'

export interface Watch {
  /** What was done that no page may do. */
  readonly wrongs: string[]
  over(context: BrowserContext): Promise<void>
  /** This origin, which a test plays itself, is none of a third party. */
  home(origin: string): void
}

const loopback = /^(https?|wss?):\/\/127\.0\.0\.1:\d+\//
const local = /^(data|blob|about):/

/**
 * Notes requests to other machines, uncaught errors, what the Content-Security-Policy
 * stopped, and anything written to the console as an error by the page itself.
 */
export function watchFor(): Watch {
  const wrongs: string[] = []
  let home = ''
  const isOurs = (url: string) => loopback.test(url) || url.startsWith(`${home || 'none:'}/`)
  return {
    wrongs,
    home(origin) {
      home = origin
    },
    async over(context) {
      context.on('request', (request) => {
        const from = request.frame().url()
        const url = request.url()
        if (local.test(url) || request.isNavigationRequest()) return
        if (!isOurs(url) || !sameOrigin(url, from)) wrongs.push(`request to ${url} from ${from}`)
      })
      context.on('page', (page) => {
        page.on('websocket', (socket) => {
          const url = socket.url().replace(/^ws/, 'http')
          if (!sameOrigin(url, page.url())) wrongs.push(`socket to ${socket.url()}`)
        })
      })
      context.on('weberror', (error) => wrongs.push(`uncaught: ${error.error().message}`))
      context.on('console', (message) => {
        // The browser's own reports of failed requests are what outages look like.
        if (
          message.type() === 'error' &&
          !/ERR_|Failed to load resource|WebSocket/.test(message.text())
        )
          wrongs.push(`console: ${message.text()}`)
      })
      await context.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
          console.error(`the policy stopped ${violatedDirective} ${blockedURI}`),
        )
      })
    },
  }
}

function sameOrigin(a: string, b: string): boolean {
  return new URL(a).origin === new URL(b).origin
}
