import { useSyncExternalStore } from 'react'
import { forgetDrafts } from './drafts.js'
import { openKeyFile, readKeyFile } from './file.js'
import { type OpenKey, type ReadyKey, type StaffKey, sealKey } from './key.js'
import { indexedDbStore, type KeyStore } from './store.js'

/** The keys of this page, locked or not. undefined until the browser's were read. */
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
      (stored) => {
        const keys = stored.map(lockedKey)
        this.set(keys, keys.find((key) => key.keyid === chosen()) ?? keys[0] ?? null)
      },
      () => this.set([], null),
    )
    return this.loading
  }

  /**
   * Takes a key in, and makes it the active one. What is kept is `locked`, its encrypted
   * backup; with '', or where nothing can be kept (some private windows), it is forgotten with
   * the page: `kept` of the answer tells.
   */
  async add(open: OpenKey, locked: string, backedUp: string): Promise<ReadyKey> {
    const sealed = await sealKey(open, locked, backedUp)
    const kept = sealed.kept && (await this.keep(sealed).then(yes, no))
    const key = { ...sealed, kept }
    this.set([...this.others(key.keyid), key], key)
    return key
  }

  /** Opens a key that is kept, and makes it the active one. Rejects with a KeyFileError. */
  async unlock(keyid: string, passphrase: string): Promise<ReadyKey> {
    const key = this.ring.keys?.find((one) => one.keyid === keyid)
    const pair = key?.locked ? await opened(key, passphrase) : key?.pair
    if (!key || !pair) throw new Error('This key is not in this browser any more.')
    const ready = { ...key, pair }
    this.set([...this.others(keyid), ready], ready)
    return ready
  }

  /** Locks what is kept, and forgets what is not: nothing here signs any more. */
  lock(): void {
    const keys = this.ring.keys?.filter(({ kept }) => kept).map(lockedKey)
    const active = keys?.find(({ keyid }) => keyid === this.ring.active?.keyid)
    this.set(keys, active ?? keys?.[0] ?? null)
  }

  /** Reads the store again, after another tab has changed it. What is open here stays open. */
  async reload(): Promise<void> {
    const stored = await this.store.all().catch(() => [])
    const had = this.ring.keys ?? []
    const keys = [
      ...stored.map((key) => had.find(({ keyid }) => keyid === key.keyid) ?? lockedKey(key)),
      ...had.filter(({ kept }) => !kept),
    ]
    const active = keys.find(({ keyid }) => keyid === this.ring.active?.keyid)
    this.set(keys, active ?? keys[0] ?? null)
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
    if (key.kept) await this.keep(next)
    const active = this.ring.active?.keyid === keyid ? next : this.ring.active
    this.set([...this.others(keyid), next], active)
  }

  /** Takes a key away from this browser, and what its owner was writing. */
  async forget(keyid: string): Promise<void> {
    forgetDrafts(keyid)
    await this.store.remove(keyid)
    const left = this.others(keyid)
    this.set(left, this.ring.active?.keyid === keyid ? (left[0] ?? null) : this.ring.active)
  }

  private keep(key: StaffKey): Promise<void> {
    return this.store.put(key.locked ? { ...key, pair: null } : key)
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

/** As the browser keeps it. An earlier console kept the pair itself, and nothing locked. */
function lockedKey(key: StaffKey): StaffKey {
  const { locked = '' } = key as Partial<StaffKey>
  return { ...key, locked, pair: locked ? null : key.pair }
}

async function opened(key: StaffKey, passphrase: string): Promise<CryptoKeyPair> {
  const open = await openKeyFile(readKeyFile(key.locked), passphrase)
  try {
    return (await sealKey(open, key.locked, key.backedUp)).pair
  } finally {
    open.pkcs8.fill(0)
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
