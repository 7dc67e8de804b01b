import { useEffect, useSyncExternalStore } from 'react'
import { loadTexts, onTexts, spokenOf, type Texts, textsAtHand } from './texts.js'
import { en } from './texts-en.js'

/** The parts' texts for the reader; English until the others have come. */
export function useTexts(languages: readonly string[]): Texts {
  const language = spokenOf(languages)
  const read = () => textsAtHand(language) ?? en
  const texts = useSyncExternalStore(onTexts, read, read)
  useEffect(() => {
    if (textsAtHand(language)) return
    const load = () => void loadTexts(language).catch(() => {})
    load()
    addEventListener('online', load)
    return () => removeEventListener('online', load)
  }, [language])
  return texts
}
