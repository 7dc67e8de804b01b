import { choices, isLabelValue } from './audience.js'
import { type Draft, gravityOf, isBreach } from './draft.js'
import { duties } from './duties.js'
import { fieldLabels, fill, unfilled } from './fill.js'
import { languageName } from './languages.js'
import { templateOf } from './templates/index.js'

/** The parts of the form, in the order of the page. */
export type Part =
  | 'status'
  | 'template'
  | 'preset'
  | 'audience'
  | 'words'
  | 'times'
  | 'glass'
  | 'duties'

export interface Missing {
  readonly part: Part
  readonly words: string
  /** The field of that part which is empty. */
  readonly field?: string
}

const longest = 400 * 24

/** What is still to be done before the draft can be signed, in the order of the page. */
export function missingOf(
  draft: Draft,
  linkHosts: readonly string[] | undefined,
  breakGlass = false,
): Missing[] {
  const missing: Missing[] = []
  const add: Add = (part, words, field) => {
    missing.push({ part, words, ...(field && { field }) })
  }
  if (!draft.status) add('status', 'Say whether it is an exercise or real.')
  if (!draft.template) add('template', 'Choose what has happened.')
  if (!gravityOf(draft)) add('preset', 'Say how bad it is.')
  audience(draft, add)
  if (draft.template) words(draft, add)
  link(draft, linkHosts, add)
  if (!(draft.lastsHours > 0 && draft.lastsHours <= longest)) {
    add('times', 'Let it end within 400 days.')
  }
  if (draft.nextUpdateMinutes > draft.lastsHours * 60) {
    add('times', 'The next update is promised for after the end. Let the notice last longer.')
  }
  if (breakGlass && !draft.note.trim()) add('glass', 'Say why the break-glass key is used.')
  if (isBreach(draft) && duties.some((duty) => !draft.duties.includes(duty.id))) {
    add('duties', 'Go through the checklist for breach notices.')
  }
  return missing
}

type Add = (part: Part, words: string, field?: string) => void

function audience({ audience: chosen }: Draft, add: Add): void {
  const choice = choices.find((one) => one.kind === chosen?.kind)
  if (!chosen || !choice) {
    add('audience', 'Choose who is to see it.')
    return
  }
  if (!choice.values) return
  if (chosen.values.length === 0) add('audience', `${choice.values}: enter at least one.`)
  if (chosen.kind === 'session' && chosen.values.length > 1) {
    add('audience', 'Enter one call only: each would learn the other’s number.')
  }
  const bad = chosen.values.find((value) => !isLabelValue(value))
  if (bad !== undefined)
    add('audience', `“${bad}” can’t be a name: no spaces, accents or quotation marks.`)
}

function words(draft: Draft, add: Add): void {
  if (draft.texts.length === 0) add('words', 'Write it in one language at least.')
  const open = new Set<string>()
  for (const texts of draft.texts) {
    const name = languageName(texts.language)
    const filled = fill(texts, draft.values, texts.language)
    if (!filled.headline.trim()) add('words', `${name}: the headline is missing.`)
    if (!filled.instruction.trim()) add('words', `${name}: say what readers are to do.`)
    for (const field of unfilled(filled)) open.add(field)
  }
  for (const field of templateOf(draft.template ?? '').fields) {
    if (field === 'telephone' && !draft.values.telephone.trim()) open.add(field)
  }
  for (const [field, label] of Object.entries(fieldLabels)) {
    if (open.has(field)) add('words', `Fill in: ${label.toLowerCase()}.`, field)
  }
}

function link(draft: Draft, hosts: readonly string[] | undefined, add: Add): void {
  if (draft.link.trim() === '') return
  const host = /^https:\/\/([a-z0-9.-]+)(?:[/?#][!-~]*)?$/.exec(draft.link.trim())?.[1]
  if (!host) {
    add('times', 'The link must begin with https:// and a host in small letters.')
  } else if (hosts && !hosts.includes(host)) {
    const allowed =
      hosts.length > 0 ? `These are allowed: ${hosts.join(', ')}.` : 'None are allowed.'
    add('times', `Links may not lead to ${host}. ${allowed}`)
  }
}
