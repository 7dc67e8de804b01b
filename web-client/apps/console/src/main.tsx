import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './base.css'
import { App } from './app.js'
import { DeskProvider } from './desk/index.js'
import { desk } from './login/session.js'

// The desk's answers are asked for again when one comes back to the window. Writes are
// never repeated by this: a signed envelope is sent again by whoever signed it.
const queries = new QueryClient({
  defaultOptions: { queries: { retry: 1, staleTime: 2_000 }, mutations: { retry: false } },
})

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
