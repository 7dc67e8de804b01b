// What is being written, for the person who writes it: under their key's name, so that
// nobody else who sits down here reads a notice that is not public yet.

/** What outlives the page that it is written on. */
export const draftsKept = 'A notice and contact cards that you were writing are kept'

const prefix = 'tocsin-console:draft:'

interface Writer {
  readonly keyid: string
  /** Of a key that ends with the page no draft outlives the tab. */
  readonly kept: boolean
}

const stores = [() => localStorage, () => sessionStorage] as const

/** What was left under this name, as it was kept; null for nothing. */
export function recall(writer: Writer | null, name: string): unknown {
  if (!writer) return null
  try {
    const text = storeOf(writer).getItem(`${prefix}${writer.keyid}:${name}`)
    return text ? (JSON.parse(text) as unknown) : null
  } catch {
    return null
  }
}

/** Keeps what is being written; null forgets it. */
export function remember(writer: Writer | null, name: string, value: unknown): void {
  if (!writer) return
  const key = `${prefix}${writer.keyid}:${name}`
  try {
    if (value === null) storeOf(writer).removeItem(key)
    else storeOf(writer).setItem(key, JSON.stringify(value))
  } catch {
    // Where nothing can be stored, the page itself still holds it.
  }
}

/** Forgets all that this key's owner was writing, and what an older console kept for anybody. */
export function forgetDrafts(keyid: string): void {
  for (const store of stores) {
    try {
      for (const name of Object.keys(store())) {
        const mine = name.startsWith(`${prefix}${keyid}:`)
        const anybodys =
          name.startsWith(prefix) && !/^[0-9a-f]{64}:/.test(name.slice(prefix.length))
        if (mine || anybodys) store().removeItem(name)
      }
    } catch {
      // Nothing is stored there, then.
    }
  }
}

function storeOf({ kept }: Writer): Storage {
  return kept ? localStorage : sessionStorage
}
