import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './base.css'
import { App } from './app.js'
import { DeskProvider, isProblem } from './desk/index.js'
import { desk } from './login/session.js'

// The desk's answers are asked for again when one comes back to the window. Writes are
// never repeated by this: a signed envelope is sent again by whoever signed it.
const queries = new QueryClient({
  defaultOptions: {
    // Asked also where the browser believes that there is no network: otherwise what was read last
    // would stand there as if it were so, and what was signed leave by itself later.
    queries: { networkMode: 'always', retry, staleTime: 2_000 },
    mutations: { networkMode: 'always', retry: false },
  },
})

/** A second try where the answer was lost; what the desk refuses, it refuses again. */
function retry(failures: number, error: unknown): boolean {
  const refused = isProblem(error) && error.status >= 400 && error.status < 500
  return failures < 1 && !refused
}

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <DeskProvider desk={desk}>
          <App />
        </DeskProvider>
      </QueryClientProvider>
    </StrictMode>,
  )
}
