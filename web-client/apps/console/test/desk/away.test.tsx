// @vitest-environment happy-dom
import { cleanup, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApprovePage } from '../../src/approve/ApprovePage.js'
import { BoardPage } from '../../src/board/BoardPage.js'
import { ConnectedPage } from '../../src/connected/ConnectedPage.js'
import { ContactsPage } from '../../src/contacts/ContactsPage.js'
import { TrustNote } from '../../src/documents/TrustNote.js'
import { NoticePage } from '../../src/notice/NoticePage.js'
import { PosturePage } from '../../src/posture/PosturePage.js'
import { type Answer, away, notFound, pass, saying, show } from '../kit/page.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  cleanup()
  vi.useRealTimers()
})

const at = { id: 'n1', query: new URLSearchParams() }

test.each([
  ['that loads', <ConnectedPage key="" />],
  ['of documents', <PosturePage key="" />],
  ['of one thing alone', <ApprovePage key="" {...at} />],
  ['of parts', <BoardPage key="" />],
])('that the desk stays away is said once, on a page %s', async (_, page) => {
  show(page, away)
  expect(screen.getAllByRole('status')).toHaveLength(1)
  await pass(5000)
  expect(screen.getAllByRole('alert')).toHaveLength(1)
  expect(screen.queryByRole('status')).toBe(null)
  const changes: MutationRecord[] = []
  const observer = new MutationObserver((records) => changes.push(...records))
  observer.observe(document.body, { subtree: true, childList: true, characterData: true })
  await pass(60_000)
  expect(changes).toEqual([])
})

/** A desk that has nothing there. */
const without =
  (place: string, rest: Answer = saying(null)): Answer =>
  async (path) =>
    path.includes(place) ? notFound() : rest(path)

test.each([
  ['a proposal', <ApprovePage key="" {...at} />, '/proposals/n1'],
  ['a notice', <NoticePage key="" {...at} />, '/notices/n1'],
])(
  'what became of %s that is gone is not known from a desk that does not say it',
  async (_, page, place) => {
    show(
      page,
      without(place, (path) => (path.includes('/n1') ? away(path) : saying(null)(path))),
    )
    await pass(10_000)
    expect(screen.getAllByRole('alert')).toHaveLength(1)
    expect(document.body.textContent).not.toMatch(/withdrawn|never published/)
  },
)

test.each([
  ['keyset', 'contact cards', <ContactsPage key="" />],
  ['trust', 'contact cards', <ContactsPage key="" />],
  ['keyset', 'posture', <PosturePage key="" />],
  ['trust', 'posture', <PosturePage key="" />],
])('without the %s alone, a page says once why it shows no %s', async (lacks, _, page) => {
  show(
    <>
      <TrustNote />
      {page}
    </>,
    async (path) => {
      if (path === `/v1/${lacks}`) return away(path)
      if (/keyset|contacts|posture/.test(path)) return notFound()
      return saying({ proposals: [] })(path)
    },
  )
  await pass(5000)
  expect(screen.getAllByRole('alert')).toHaveLength(1)
  expect(screen.queryByRole('status')).toBe(null)
})

test('what is not there is said so, and not looked for aloud', async () => {
  show(<ApprovePage {...at} />, without('/n1'))
  await pass(5000)
  const title = screen.getByRole('heading', { level: 1, name: 'Nothing waits here' })
  await pass(20_000)
  expect(title.isConnected).toBe(true)
})

test('once the desk is back, what it says takes the place of the alert', async () => {
  let answer = away
  show(<ConnectedPage />, (path) => answer(path))
  await pass(5000)
  const updated = new Date().toISOString()
  const counts = { byTier: {}, bySurface: {}, byLabel: {} }
  answer = saying({ updated, nodes: 1, sessions: 7, ...counts })
  await pass(10_000)
  expect(screen.queryByRole('alert')).toBe(null)
  expect(screen.getByText('7')).toBeTruthy()
})
