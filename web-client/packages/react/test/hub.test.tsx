import { cleanup, render, waitFor } from '@testing-library/react'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Hub, startHub } from '../../client/test/kit/hub.js'
import { CrisisBanner, NoticeCentre, TocsinProvider } from '../src/index.js'

let hub: Hub
beforeAll(async () => {
  hub = await startHub()
})
afterAll(() => hub.stop())
afterEach(cleanup)

test('a page of the real hub: sent, changed, withdrawn', async () => {
  const { container } = render(
    <TocsinProvider url={hub.url} roots={hub.roots} languages={['en']} surface="portal">
      <CrisisBanner />
      <NoticeCentre />
    </TocsinProvider>,
    { reactStrictMode: true },
  )
  const says = (...parts: string[]) =>
    waitFor(
      () => {
        for (const part of parts) expect(container.textContent).toContain(part)
      },
      { timeout: 15_000 },
    )
  await says('Live', 'There are no notices.')
  const id = await hub.publish('Video visits are down')
  await says('Video visits are down', 'Verified: signed by 2 people')
  await hub.publish('Video visits are back at noon', {}, '--update', id)
  await says('Video visits are back at noon', 'Changed', 'What was said before')
  await hub.cancel(id, 'They work again.')
  await says('Withdrawn', 'They work again.')
  expect(container.querySelectorAll('.tocsin-banner [data-phase=active]')).toHaveLength(0)
}, 60_000)
