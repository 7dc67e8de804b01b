import { useEffect, useState } from 'react'
import { signOutIdle } from './session.js'

/** After so long without a touch, a key or a scroll, one is signed out, in ms. */
const idleMs = 30 * 60_000
/** How long before that it is said, in ms. */
const warnMs = 2 * 60_000
/** How often it is looked at, in ms; a computer that slept is found out when it wakes. */
const lookMs = 5_000

const touches = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const

/**
 * Signs out whoever went away from the page. It gives the ms that are left once they are
 * few, null before.
 */
export function useIdle(signedIn: boolean): number | null {
  const [left, setLeft] = useState<number | null>(null)
  useEffect(() => {
    if (!signedIn) return
    let touched = Date.now()
    const look = (): boolean => {
      const rest = touched + idleMs - Date.now()
      setLeft(rest > 0 && rest <= warnMs ? rest : null)
      if (rest <= 0) signOutIdle()
      return rest > 0
    }
    const touch = () => {
      // The first touch after a long sleep is not from whoever signed in.
      if (!look()) return
      touched = Date.now()
      setLeft(null)
    }
    const timer = setInterval(look, lookMs)
    document.addEventListener('visibilitychange', look)
    for (const name of touches) addEventListener(name, touch, { passive: true })
    return () => {
      setLeft(null)
      clearInterval(timer)
      document.removeEventListener('visibilitychange', look)
      for (const name of touches) removeEventListener(name, touch)
    }
  }, [signedIn])
  return left
}
