import type { Info, Notice } from '@tocsin/client'
import { languageName } from '../compose/languages.js'
import { clock } from '../ui/clock.js'

/** A run of words: in both texts, only in the new one, or only in the old one. */
export interface Run {
  readonly kind: 'same' | 'added' | 'removed'
  readonly text: string
}

/** A member of a notice that is not what it was. */
export interface FieldChange {
  readonly name: string
  readonly runs: readonly Run[]
}

/** What happens to one language. */
export interface LanguageChange {
  readonly language: string
  readonly state: 'changed' | 'added' | 'removed' | 'same'
  readonly fields: readonly FieldChange[]
}

/** What one revision changes of another. */
export interface Difference {
  /** Of the notice itself, or alike in every language. */
  readonly shared: readonly FieldChange[]
  readonly languages: readonly LanguageChange[]
}

/** What names a message in its thread, and so differs in each. */
const ofTheMessage = new Set(['identifier', 'sent', 'msgType', 'references', 'info'])

const names: Readonly<Record<string, string>> = {
  headline: 'Headline',
  instruction: 'What to do',
  description: 'What happened',
  event: 'Event',
  contact: 'Telephone',
  senderName: 'Institution',
  web: 'Link',
  urgency: 'Urgency',
  severity: 'Severity',
  certainty: 'Certainty',
  expires: 'Ends',
  onset: 'Begins',
  effective: 'In effect from',
  directive: 'It also does',
  nextUpdateBy: 'Next update by',
  sender: 'Sender',
  restriction: 'For, in the sender’s words',
  note: 'Note',
}

/** Every member in which two revisions of a notice differ; those of no name here by CAP's. */
export function noticeDifference(before: Notice, after: Notice): Difference {
  const old = new Map((before.info ?? []).map((info) => [languageOf(info), info]))
  const fresh = new Map((after.info ?? []).map((info) => [languageOf(info), info]))
  const languages = [...fresh].map(([language, info]): LanguageChange => {
    const was = old.get(language)
    if (!was) return { language, state: 'added', fields: fields(new Map(), ofInfo(info), language) }
    const changed = fields(ofInfo(was), ofInfo(info), language)
    return { language, state: changed.length > 0 ? 'changed' : 'same', fields: changed }
  })
  const kept = languages.filter(({ state }) => state === 'changed' || state === 'same')
  const everywhere = kept.length < 2 ? [] : (kept[0]?.fields ?? []).filter(isIn(kept))
  const own = languages.map((one) => {
    if (one.state !== 'changed') return one
    const left = one.fields.filter((field) => !everywhere.some(isLike(field)))
    return {
      ...one,
      state: left.length > 0 ? ('changed' as const) : ('same' as const),
      fields: left,
    }
  })
  const gone = [...old.keys()].filter((language) => !fresh.has(language))
  return {
    shared: [...fields(ofNotice(before), ofNotice(after), 'en'), ...everywhere],
    languages: [
      ...own,
      ...gone.map((language) => ({ language, state: 'removed' as const, fields: [] })),
    ],
  }
}

/** The difference of two texts by words; runs of one kind are joined. */
export function wordDifference(before: string, after: string, language: string): readonly Run[] {
  const [a, b] = [wordsOf(before, language), wordsOf(after, language)]
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head++
  let tail = 0
  while (
    tail < Math.min(a.length, b.length) - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  )
    tail++
  return joined([
    ...a.slice(0, head).map(run('same')),
    ...aligned(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(run('same')),
  ])
}

/** More comparisons than this are not made: then all of the middle is another text. */
const maxComparisons = 4_000_000

/** By the longest common subsequence. */
function aligned(a: readonly string[], b: readonly string[]): Run[] {
  if (a.length * b.length > maxComparisons)
    return [...a.map(run('removed')), ...b.map(run('added'))]
  const width = b.length + 1
  const longest = new Uint32Array((a.length + 1) * width)
  const at = (i: number, j: number) => longest[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i * width + j] =
        a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const runs: Run[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      runs.push({ kind: 'same', text: a[i++] ?? '' })
      j++
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) {
      runs.push({ kind: 'removed', text: a[i++] ?? '' })
    } else runs.push({ kind: 'added', text: b[j++] ?? '' })
  }
  return runs
}

/** Joins what is alike; between two changes what was removed stands before what was added. */
function joined(runs: readonly Run[]): Run[] {
  const out: Run[] = []
  let [removed, added] = ['', '']
  const flush = () => {
    if (removed) out.push({ kind: 'removed', text: removed })
    if (added) out.push({ kind: 'added', text: added })
    removed = added = ''
  }
  for (const [place, { kind, text }] of runs.entries()) {
    if (kind === 'removed') removed += text
    else if (kind === 'added') added += text
    else if (removed && added && !text.trim() && runs[place + 1]?.kind !== 'same') {
      // A space between two changed words belongs to both.
      removed += text
      added += text
    } else {
      flush()
      const last = out.at(-1)
      if (last?.kind === 'same') out[out.length - 1] = { kind, text: last.text + text }
      else out.push({ kind, text })
    }
  }
  flush()
  return out
}

/** Words and what is between them, in their order; scripts without spaces by a dictionary. */
function wordsOf(text: string, language: string): string[] {
  const segments = new Intl.Segmenter(language, { granularity: 'word' }).segment(text)
  return Array.from(segments, ({ segment }) => segment)
}

function run(kind: Run['kind']): (text: string) => Run {
  return (text) => ({ kind, text })
}

function fields(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  language: string,
): FieldChange[] {
  return [...new Set([...after.keys(), ...before.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .map((name) => ({
      name: names[name] ?? name,
      runs: wordDifference(before.get(name) ?? '', after.get(name) ?? '', language),
    }))
}

function ofNotice(notice: Notice): Map<string, string> {
  return texts(Object.entries(notice).filter(([name]) => !ofTheMessage.has(name)))
}

/** The members of an info, each parameter as one of them. */
function ofInfo({ language: _, parameter = [], ...info }: Info): Map<string, string> {
  return texts([
    ...Object.entries(info).sort(([a], [b]) => order(a) - order(b)),
    ...parameter.map(({ valueName, value }) => [valueName, value] as const),
  ])
}

const inOrder = Object.keys(names)
const order = (name: string) => (inOrder.indexOf(name) + 100) % 100

function texts(entries: readonly (readonly [string, unknown])[]): Map<string, string> {
  return new Map(entries.map(([name, value]) => [name, textOf(name, value)]))
}

const times = new Set(['expires', 'onset', 'effective', 'nextUpdateBy'])

function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return times.has(name) ? clock(value) : value
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.join(', ')
  return JSON.stringify(value)
}

function languageOf(info: Info): string {
  return info.language ?? 'en-US'
}

function isLike(field: FieldChange): (other: FieldChange) => boolean {
  const text = JSON.stringify(field)
  return (other) => JSON.stringify(other) === text
}

function isIn(languages: readonly LanguageChange[]): (field: FieldChange) => boolean {
  return (field) => languages.every((one) => one.fields.some(isLike(field)))
}

/** Languages in that state, in English. */
export function languagesThatAre(
  state: LanguageChange['state'],
  { languages }: Difference,
): string {
  const found = languages.filter((one) => one.state === state)
  return new Intl.ListFormat('en').format(found.map(({ language }) => languageName(language)))
}
