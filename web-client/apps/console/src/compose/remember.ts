import { recall, remember } from '../keys/drafts.js'
import { keyring } from '../keys/index.js'
import { type Draft, emptyDraft } from './draft.js'

const habits = 'tocsin-console:habits'

/** The draft that whoever is signed in left under this name; it survives a reload. */
export function recallDraft(name: string): Draft | null {
  // Written by this console alone; a member that a newer one has more gets its default.
  const kept = recall(keyring.get().active, name) as Partial<Draft> | null
  return kept && { ...emptyDraft(), ...kept }
}

/** Keeps a draft; null forgets it. */
export function rememberDraft(name: string, draft: Draft | null): void {
  remember(keyring.get().active, name, draft)
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
