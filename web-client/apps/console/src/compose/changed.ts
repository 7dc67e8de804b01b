import type { Draft, DraftTexts } from './draft.js'
import { languageName } from './languages.js'
import { type Texts, templateOf } from './templates/index.js'

/** The words that a draft began with, by language: an Update's from `before`, else the template's. */
export function beganWith(draft: Draft, before?: Draft): ReadonlyMap<string, Texts> {
  return before && draft.template === before.template
    ? new Map(before.texts.map((texts) => [texts.language, texts]))
    : new Map(Object.entries(templateOf(draft.template ?? '').texts))
}

/** What to tell whoever has changed some languages and left others; null: nothing. */
export function leftBehind(
  texts: readonly DraftTexts[],
  began: ReadonlyMap<string, Texts>,
): string | null {
  const known = texts.filter(({ language }) => began.has(language))
  const left = known.filter((one) => isSame(one, began.get(one.language)))
  if (left.length === 0 || left.length === known.length) return null
  const changed = known.filter((one) => !left.includes(one))
  const say = left.length === 1 ? 'says what it' : 'say what they'
  return `You changed ${listed(changed)}. ${listed(left)} still ${say} said before.`
}

function isSame(one: Texts, other: Texts | undefined): boolean {
  return (
    one.headline === other?.headline &&
    one.instruction === other.instruction &&
    one.description === other.description
  )
}

function listed(texts: readonly DraftTexts[]): string {
  return new Intl.ListFormat('en').format(texts.map(({ language }) => languageName(language)))
}
