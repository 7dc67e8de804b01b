import { type CallFrame, useFreshness } from '@tocsin/react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useLogin, usePortal } from '../portal-context.js'
import { play } from './picture.js'

interface CallProps {
  readonly frame: CallFrame
  readonly heading: ReactNode
  readonly leave: () => void
}

/** The picture, and the controls below it, where no notice covers them. */
export function Call({ frame, heading, leave }: CallProps): ReactNode {
  const { t, login } = usePortal()
  const { patient } = useLogin(login)
  const freshness = useFreshness()
  const [muted, setMuted] = useState(false)
  const [camera, setCamera] = useState(true)
  return (
    <div className="call" data-full={frame.fullScreen}>
      <div className="call-picture">
        <Picture />
        <div className="call-self" data-camera={camera}>
          <span className="initial" aria-hidden="true">
            {camera ? patient?.givenName[0] : '–'}
          </span>
          <span>{t.you}</span>
        </div>
      </div>
      <div className="call-bar">
        {heading}
        <p className="call-fresh" data-freshness={freshness.state}>
          {t.fresh[freshness.reason === 'withheld' ? 'incomplete' : freshness.state]}
        </p>
        <fieldset className="buttons" aria-label={t.controls}>
          <button type="button" className="button" onClick={() => setMuted(!muted)}>
            {muted ? t.unmute : t.mute}
          </button>
          <button type="button" className="button" onClick={() => setCamera(!camera)}>
            {camera ? t.cameraOff : t.cameraOn}
          </button>
          <button type="button" className="button" onClick={frame.toggleFullScreen}>
            {frame.fullScreen ? t.endFullScreen : t.fullScreen}
          </button>
          <button type="button" className="button button-leave" onClick={leave}>
            {t.leave}
          </button>
        </fieldset>
      </div>
    </div>
  )
}

/** A real `<video>`, playing a stream: what notices must leave alone. */
function Picture(): ReactNode {
  const { t } = usePortal()
  const video = useRef<HTMLVideoElement>(null)
  useEffect(() => {
    const canvas = document.createElement('canvas')
    canvas.width = 1280
    canvas.height = 720
    const stop = play(canvas)
    const stream = canvas.captureStream()
    const element = video.current
    if (element) {
      element.srcObject = stream
      element.play().catch(() => {}) // it is ended before it began, for example
    }
    return () => {
      stop()
      for (const track of stream.getTracks()) track.stop()
      if (element) element.srcObject = null
    }
  }, [])
  return <video ref={video} className="call-video" muted playsInline aria-label={t.videoVisit} />
}
