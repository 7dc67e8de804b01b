// Somebody at a console for the first time, timed without waiting: what a person takes to
// read, to point and to type is reckoned, and added to what the machine really took.

import { type Locator, type Page, test } from '@playwright/test'

// Adults read 240 words a minute, and type 40, of five letters and a space. To point and
// click takes 1.3 s (Card, Moran and Newell's keystroke-level model); a file is found by
// five clicks.
const wordMs = 60_000 / 240
const keyMs = 60_000 / (40 * 6)
const clickMs = 1300
const fileMs = 5 * clickMs

export type Person = ReturnType<typeof person>

export function person(page: Page) {
  const known = new Set<string>()
  const spent = { words: 0, hands: 0 }
  /** Reads down to what is about to be used. What one has read, and stands there still, is known. */
  const read = async (at: Locator) => {
    await at.waitFor()
    for (const text of await at.evaluate(textsUpTo)) {
      if (!known.has(text)) spent.words += wordsIn(text)
      known.add(text)
    }
  }
  const point = async (at: Locator) => {
    await read(at)
    spent.hands += clickMs
  }
  return {
    page,
    spent,
    /** Reads down to there, and does nothing. */
    read,
    async click(at: Locator) {
      await point(at)
      await at.click()
    },
    async type(at: Locator, text: string) {
      await point(at)
      spent.hands += text.length * keyMs
      await at.click()
      await at.pressSequentially(text)
    },
    /** For fields where keys depend on the browser: a date and a time. */
    async fill(at: Locator, text: string) {
      await point(at)
      spent.hands += text.length * keyMs
      await at.fill(text)
    },
    async chooseFile(at: Locator, file: string) {
      await point(at)
      spent.hands += fileMs
      await at.setInputFiles(file)
    },
  }
}

/** A full stop that stands by itself is none. */
const wordsIn = (text: string) =>
  text.split(' ').filter((word) => /[\p{L}\p{N}]/u.test(word)).length

/**
 * The texts of the page, or of the dialog before it, from the top down to an element, its own
 * included. Of choices all are read; of words in several languages those that the reader
 * understands. What is folded is not read.
 */
function textsUpTo(at: Element): string[] {
  const root = document.querySelector('dialog[open]') ?? document.querySelector('main')
  if (!root) return []
  const own = (at.getAttribute('aria-describedby') ?? '').split(' ')
  const group = at.closest('fieldset') ?? at.closest('label') ?? at
  const texts: string[] = []
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const holder = node.parentElement
    const text = node.textContent?.replace(/\s+/g, ' ').trim()
    if (!text || !holder?.checkVisibility() || holder.closest('.unseen, option, code')) continue
    if (!/^en/.test(holder.closest('[lang]')?.getAttribute('lang') ?? 'en')) continue
    const isMine = own.some((id) => id && holder.closest(`#${CSS.escape(id)}`))
    const follows = group.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING
    if (!follows || group.contains(node) || isMine) texts.push(text)
  }
  return texts
}

/** Times the steps of people, one after the other, and writes each into the report. */
export function stopwatch() {
  let total = 0
  const note = (description: string) =>
    test.info().annotations.push({ type: 'first time', description })
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  return {
    async step(name: string, who: Person, act: () => Promise<unknown>) {
      const before = { ...who.spent }
      const began = Date.now()
      await act()
      const machine = Date.now() - began
      const words = who.spent.words - before.words
      const hands = who.spent.hands - before.hands
      const all = machine + words * wordMs + hands
      total += all
      note(
        `${name}: ${seconds(all)} (${words} words in ${seconds(words * wordMs)}, hands ${seconds(hands)}, machine ${seconds(machine)})`,
      )
    },
    /** What all took, in ms. */
    total() {
      note(`altogether: ${seconds(total)}`)
      return total
    },
  }
}
