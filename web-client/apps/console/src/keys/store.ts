import type { StaffKey } from './key.js'

/** Where keys are kept: the browser's IndexedDB, or in tests a map. */
export interface KeyStore {
  all(): Promise<StaffKey[]>
  put(key: StaffKey): Promise<void>
  remove(keyid: string): Promise<void>
}

const database = 'tocsin-console'
const table = 'keys'

/**
 * Keys in IndexedDB. What it holds of the secret is encrypted under the passphrase: a
 * CryptoKey there would lie in the browser's files in plain, exportable or not.
 */
export function indexedDbStore(): KeyStore {
  let opened: Promise<IDBDatabase> | undefined
  const open = () => {
    opened ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(database, 1)
      request.onupgradeneeded = () => request.result.createObjectStore(table, { keyPath: 'keyid' })
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    return opened
  }
  async function run<T>(
    mode: IDBTransactionMode,
    act: (store: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> {
    const transaction = (await open()).transaction(table, mode)
    const request = act(transaction.objectStore(table))
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result)
      transaction.onabort = () => reject(transaction.error)
    })
  }
  return {
    all: () => run<StaffKey[]>('readonly', (store) => store.getAll()),
    async put(key) {
      await run('readwrite', (store) => store.put(key))
      // Safari drops what is not persistent after 7 days without a visit.
      await navigator.storage?.persist?.().catch(() => false)
    },
    remove: async (keyid) => run('readwrite', (store) => store.delete(keyid)),
  }
}

/** Keys that end with the page. */
export function memoryStore(): KeyStore {
  const keys = new Map<string, StaffKey>()
  return {
    all: async () => [...keys.values()],
    put: async (key) => void keys.set(key.keyid, key),
    remove: async (keyid) => void keys.delete(keyid),
  }
}
