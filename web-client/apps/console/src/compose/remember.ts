import { type Draft, emptyDraft } from './draft.js'

const prefix = 'tocsin-console:draft:'
const habits = 'tocsin-console:habits'

/** The draft that was left under this name; it survives a reload and a closed page. */
export function recallDraft(name: string): Draft | null {
  try {
    const text = localStorage.getItem(prefix + name)
    if (!text) return null
    // Written by this console alone; a member that a newer one has more gets its default.
    return { ...emptyDraft(), ...(JSON.parse(text) as Partial<Draft>) }
  } catch {
    return null
  }
}

/** Keeps a draft; null forgets it. */
export function rememberDraft(name: string, draft: Draft | null): void {
  try {
    if (draft) localStorage.setItem(prefix + name, JSON.stringify(draft))
    else localStorage.removeItem(prefix + name)
  } catch {
    // Where nothing can be stored, the page itself still holds it.
  }
}

/** What is the same in every notice of this desk: the institution and its telephone. */
export interface Habits {
  readonly clinic: string
  readonly telephone: string
}

export function recallHabits(): Habits {
  try {
    const kept = JSON.parse(localStorage.getItem(habits) ?? '{}') as Partial<Habits>
    return { clinic: String(kept.clinic ?? ''), telephone: String(kept.telephone ?? '') }
  } catch {
    return { clinic: '', telephone: '' }
  }
}

export function rememberHabits({ clinic, telephone }: Habits): void {
  try {
    localStorage.setItem(habits, JSON.stringify({ clinic, telephone }))
  } catch {
    // It is typed again next time.
  }
}
