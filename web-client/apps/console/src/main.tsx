import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './base.css'
import { App } from './app.js'
import { DeskProvider, newQueries } from './desk/index.js'
import { desk } from './login/session.js'

const queries = newQueries()

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
