import { cleanup, render } from '@testing-library/react'
import type { ReactNode } from 'react'
import { afterEach } from 'vitest'
import { TocsinProvider, type TocsinProviderProps } from '../src/index.js'
import type { HandClient } from './fixtures.js'

afterEach(() => {
  cleanup()
  sessionStorage.clear()
})

/** Renders parts for an English reader, unless `props` say otherwise. */
export function show(
  client: HandClient,
  parts: ReactNode,
  props: Partial<TocsinProviderProps> = {},
) {
  return render(
    <TocsinProvider client={client} languages={['en-US']} {...props}>
      {parts}
    </TocsinProvider>,
    { reactStrictMode: true },
  )
}
