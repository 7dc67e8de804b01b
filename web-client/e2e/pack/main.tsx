import { type ShownNotice, Tocsin } from '@tocsin/client'
import { Board, parseTrust } from '@tocsin/client/verify'
import {
  CrisisBanner,
  type Initial,
  NoticeCentre,
  SessionEmergencyBanner,
  TocsinProvider,
  useContacts,
  useDirective,
  useFreshness,
  useNotices,
  useTocsin,
} from '@tocsin/react'
import '@tocsin/react/style.css'
import { createRoot } from 'react-dom/client'

export const board = async (roots: string) => new Board(await parseTrust(roots), false)
export const alone = (roots: string) => new Tocsin({ roots, getToken: () => null })
const headline = (shown: ShownNotice) => shown.notice.info?.[0]?.headline

function Booking() {
  const client = useTocsin()
  const paused = useDirective('pause-booking').on
  return (
    <button type="button" disabled={paused} onClick={() => void client.signOut()}>
      {useNotices().map(headline).join()} {useFreshness().state} {useContacts().length}
    </button>
  )
}

export function App({ roots, initial }: { roots: string; initial: Initial | null }) {
  return (
    <TocsinProvider roots={roots} initial={initial} surface="portal" getToken={() => ['a token']}>
      <CrisisBanner />
      <SessionEmergencyBanner>
        {({ fullScreen, toggleFullScreen }) => (
          <button type="button" onClick={toggleFullScreen}>
            {fullScreen ? 'Smaller' : 'Larger'}
          </button>
        )}
      </SessionEmergencyBanner>
      <NoticeCentre headingLevel={3} />
      <Booking />
    </TocsinProvider>
  )
}

const root = document.getElementById('root')
if (root) createRoot(root).render(<App roots="" initial={null} />)
