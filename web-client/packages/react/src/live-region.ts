import { inLanguage } from './texts.js'

/** Something to say, and who wants to know that it was said. */
export interface Saying {
  readonly urgent: boolean
  readonly texts: readonly {
    readonly text: string | undefined
    readonly language: string | undefined
  }[]
  /** A later saying of the same key replaces one that was not said yet. */
  readonly key: string
  readonly done: () => void
}

export interface LiveRegion {
  readonly say: (saying: Saying) => void
  /** Takes back whatever is of another key: said or not, nothing of it is left. */
  readonly keepOnly: (keys: ReadonlySet<string>) => void
  readonly remove: () => void
}

// A region that is filled as it appears, or moves, is not announced.
const settleMs = 100
// Left in place longer, it would be read again by who walks through the page.
const clearMs = 10_000

/** An alert and a status, empty, outside of React: they move to where they are heard. */
export function createLiveRegion(): LiveRegion {
  const box = document.createElement('div')
  box.className = 'tocsin-unseen tocsin-live'
  const regions = ['status', 'alert'].map((role) => {
    const region = document.createElement('div')
    region.setAttribute('role', role)
    region.setAttribute('aria-atomic', 'false')
    box.append(region)
    return region
  })
  document.body.append(box)

  const waiting = new Map<string, Saying>()
  const said = new Map<string, Element>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const clear = () => {
    for (const region of regions) region.replaceChildren()
    said.clear()
  }
  const speak = () => {
    for (const [key, { urgent, texts, done }] of waiting) {
      const paragraph = document.createElement('p')
      for (const { text, language } of texts) {
        if (!text) continue
        const span = document.createElement('span')
        Object.assign(span, inLanguage(language), { textContent: `${text} ` })
        paragraph.append(span)
      }
      regions[urgent ? 1 : 0]?.append(paragraph)
      said.set(key, paragraph)
      done()
    }
    waiting.clear()
    timer = setTimeout(clear, clearMs)
  }
  return {
    say(saying) {
      if (!waiting.size) {
        clearTimeout(timer)
        clear()
        const place = audible()
        if (box.parentNode !== place) place.append(box)
        timer = setTimeout(speak, settleMs)
      }
      waiting.set(saying.key, saying)
    },
    keepOnly(keys) {
      for (const key of waiting.keys()) if (!keys.has(key)) waiting.delete(key)
      for (const [key, paragraph] of said) if (!keys.has(key)) paragraph.remove()
    },
    remove() {
      clearTimeout(timer)
      box.remove()
    },
  }
}

/** Outside of an open modal dialog, and of what fills the screen, nothing is heard. */
function audible(): Element {
  const dialogs = document.querySelectorAll('dialog:modal')
  return dialogs[dialogs.length - 1] ?? hostOf(document.fullscreenElement) ?? document.body
}

/** The element, if it shows what is put into it: a `<video>` does not. */
export function hostOf(element: Element | null): Element | null {
  return element?.matches('video, iframe, canvas, img, object, embed') ? null : element
}
