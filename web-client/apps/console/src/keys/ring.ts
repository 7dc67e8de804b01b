import { useSyncExternalStore } from 'react'
import { type OpenKey, type StaffKey, sealKey } from './key.js'
import { indexedDbStore, type KeyStore } from './store.js'

/** The keys that this page can sign with. undefined until the browser's were read. */
export interface Ring {
  readonly keys: readonly StaffKey[] | undefined
  readonly active: StaffKey | null
}

const chosenKey = 'tocsin-console:key'

const yes = () => true
const no = () => false

/** The page's keys: those of the store, and those that end with the page. */
export class Keyring {
  private ring: Ring = { keys: undefined, active: null }
  private readonly listeners = new Set<() => void>()
  private loading: Promise<void> | undefined

  constructor(private readonly store: KeyStore) {}

  readonly get = (): Ring => this.ring

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Reads the store, once. Without IndexedDB (some private windows) there are no keys. */
  load(): Promise<void> {
    this.loading ??= this.store.all().then(
      (keys) => this.set(keys, keys.find((key) => key.keyid === chosen()) ?? keys[0] ?? null),
      () => this.set([], null),
    )
    return this.loading
  }

  /**
   * Takes a key in, and makes it the active one. It is forgotten with the page if it is not
   * to be kept, or where nothing can be (some private windows): `kept` of the answer tells.
   */
  async add(open: OpenKey, keep: boolean, backedUp: string): Promise<StaffKey> {
    const sealed = await sealKey(open, keep, backedUp)
    const kept = keep && (await this.store.put(sealed).then(yes, no))
    const key = { ...sealed, kept }
    this.set([...this.others(key.keyid), key], key)
    return key
  }

  /** Makes another of the keys the active one. */
  choose(keyid: string): void {
    const key = this.ring.keys?.find((one) => one.keyid === keyid)
    if (key) this.set(this.ring.keys, key)
  }

  /** Notes that the backup was proven. */
  async proven(keyid: string, at: string): Promise<void> {
    const key = this.ring.keys?.find((one) => one.keyid === keyid)
    if (!key) return
    const next = { ...key, backedUp: at }
    if (key.kept) await this.store.put(next)
    const active = this.ring.active?.keyid === keyid ? next : this.ring.active
    this.set([...this.others(keyid), next], active)
  }

  /** Takes a key away from this browser. */
  async forget(keyid: string): Promise<void> {
    await this.store.remove(keyid)
    const left = this.others(keyid)
    this.set(left, this.ring.active?.keyid === keyid ? (left[0] ?? null) : this.ring.active)
  }

  private others(keyid: string): StaffKey[] {
    return (this.ring.keys ?? []).filter((key) => key.keyid !== keyid)
  }

  private set(keys: readonly StaffKey[] | undefined, active: StaffKey | null): void {
    this.ring = { keys, active }
    try {
      if (active) localStorage.setItem(chosenKey, active.keyid)
    } catch {
      // A browser that remembers nothing takes the first key next time.
    }
    for (const listener of this.listeners) listener()
  }
}

function chosen(): string | null {
  try {
    return localStorage.getItem(chosenKey)
  } catch {
    return null
  }
}

/** The keys of this browser. */
export const keyring = new Keyring(indexedDbStore())

/** The keys, and again whenever they change. */
export function useKeys(): Ring {
  return useSyncExternalStore(keyring.subscribe, keyring.get)
}
