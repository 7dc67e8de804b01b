import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fromBase64, pae, verifySignature } from '@tocsin/client/verify'
import { afterAll, describe, expect, test } from 'vitest'
import { openKeyFile, readKeyFile, writeBackup } from '../../src/keys/file.js'
import { createKey, type StaffKey, sealKey } from '../../src/keys/key.js'
import { passphraseFault } from '../../src/keys/passphrase.js'
import { proofDue } from '../../src/keys/reminder.js'
import { Keyring } from '../../src/keys/ring.js'
import { RootKeyError, refuseRoot } from '../../src/keys/root.js'
import { signatureOver } from '../../src/keys/sign.js'
import { memoryStore } from '../../src/keys/store.js'
import { startHub } from '../kit/hub.js'

const binary = resolve(import.meta.dirname, '../../../../../bin/tocsin')
const dir = mkdtempSync(join(tmpdir(), 'tocsin-keys-'))
afterAll(() => rmSync(dir, { recursive: true }))

// 600,000 rounds take a second or more, several times.
const slow = { timeout: 60_000 }
const passphrase = 'correct horse – bátteries'

async function signs(key: Awaited<ReturnType<typeof sealKey>>) {
  const payload = new TextEncoder().encode('{}')
  const { keyid, sig } = await signatureOver(key, 'x/y', payload)
  expect(keyid).toBe(key.keyid)
  const message = pae({ payloadType: 'x/y', payload })
  return verifySignature(fromBase64(key.publicKey), fromBase64(sig), message)
}

describe('a backup', () => {
  test('gives the same key back, with its passphrase only', slow, async () => {
    const key = await createKey('ana-ruiz')
    const text = await writeBackup(key, passphrase)
    const file = readKeyFile(text)
    expect(file).toMatchObject({ kind: 'sealed', owner: 'ana-ruiz' })
    expect(await openKeyFile(file, passphrase.normalize('NFD'))).toEqual(key)
    await expect(openKeyFile(file)).rejects.toMatchObject({ reason: 'passphrase-needed' })
    await expect(openKeyFile(file, `${passphrase}!`)).rejects.toMatchObject({
      reason: 'passphrase-wrong',
    })
    expect(text).not.toContain(Buffer.from(key.pkcs8).toString('base64').slice(-20))
  })

  test('into which another owner was written opens no more', slow, async () => {
    const text = await writeBackup(await createKey('ana-ruiz'), passphrase)
    const file = readKeyFile(text.replace('ana-ruiz', 'bo-lee'))
    await expect(openKeyFile(file, passphrase)).rejects.toMatchObject({
      reason: 'passphrase-wrong',
    })
  })
})

describe('a key file', () => {
  test('of `tocsin key new` is read, and signs', async () => {
    execFileSync(binary, ['key', 'new', 'ana.key', '--owner', 'ana-ruiz'], { cwd: dir })
    const open = await openKeyFile(readKeyFile(readFileSync(join(dir, 'ana.key'), 'utf8')))
    const shown = execFileSync(binary, ['key', 'show', 'ana.key'], { cwd: dir, encoding: 'utf8' })
    expect(shown).toContain(open.publicKey)
    expect(await signs(await sealKey(open, '', ''))).toBe(true)
  })

  test.each(['', '{}', 'null', '-----BEGIN PUBLIC KEY-----\n', '{"tocsinKeyBackup":2}'])(
    '%o is none',
    (text) =>
      expect(() => readKeyFile(text)).toThrow(expect.objectContaining({ reason: 'not-a-key' })),
  )

  test('of another kind of key is refused', async () => {
    const pem = `-----BEGIN PRIVATE KEY-----\nOwner: ana-ruiz\n\n${btoa('not a key')}\n-----END PRIVATE KEY-----\n`
    await expect(openKeyFile(readKeyFile(pem))).rejects.toMatchObject({ reason: 'not-a-key' })
  })
})

describe('the keyring', () => {
  test(
    'keeps a key locked: after a restart and after a sign-out only its passphrase signs',
    slow,
    async () => {
      const store = memoryStore()
      const ring = new Keyring(store)
      await ring.load()
      const open = await createKey('ana-ruiz')
      const kept = await ring.add(open, await writeBackup(open, passphrase), '')
      expect(await signs(kept)).toBe(true)
      await expect(crypto.subtle.exportKey('pkcs8', kept.pair.privateKey)).rejects.toThrow()
      const [stored] = await store.all()
      expect(stored?.pair, 'nothing on the disk signs').toBeNull()
      await ring.proven(kept.keyid, new Date().toISOString())
      expect((await store.all())[0]?.pair).toBeNull()
      await expect(ring.unlock(kept.keyid, `${passphrase}!`)).rejects.toMatchObject({
        reason: 'passphrase-wrong',
      })

      ring.lock()
      const locked = ring.get().active
      if (!locked) throw new Error('the key is gone')
      expect(locked.pair).toBeNull()
      await expect(signatureOver(locked, 'x/y', new Uint8Array())).rejects.toThrow()

      const later = new Keyring(store)
      await later.load()
      expect(later.get().active).toMatchObject({ owner: 'ana-ruiz', pair: null })
      await expect(later.unlock(kept.keyid, `${passphrase}!`)).rejects.toMatchObject({
        reason: 'passphrase-wrong',
      })
      expect(later.get().active?.pair).toBeNull()
      expect(await signs(await later.unlock(kept.keyid, passphrase))).toBe(true)
      await later.forget(kept.keyid)
      expect(later.get()).toEqual({ keys: [], active: null })
      expect(await store.all()).toEqual([])
    },
  )

  test('forgets at sign-out what is not kept', async () => {
    const store = memoryStore()
    const ring = new Keyring(store)
    await ring.load()
    const lent = await ring.add(await createKey('bo-lee'), '', '')
    expect(await signs(lent)).toBe(true)
    expect(await store.all()).toEqual([])
    ring.lock()
    expect(ring.get()).toEqual({ keys: [], active: null })
  })

  test(
    'opens what an earlier console kept, and locks it once its file was read',
    slow,
    async () => {
      const store = memoryStore()
      const open = await createKey('ana-ruiz')
      const { locked: _, ...old } = await sealKey(open, '', '')
      await store.put({ ...old, kept: true } as StaffKey)
      const ring = new Keyring(store)
      await ring.load()
      expect(await signs(await ring.unlock(old.keyid, ''))).toBe(true)
      await ring.add(open, await writeBackup(open, passphrase), '')
      expect(await store.all()).toMatchObject([{ keyid: old.keyid, pair: null }])
    },
  )

  test('another tab removes a key: it goes here, too, and what is open stays open', async () => {
    const store = memoryStore()
    const [here, there] = [new Keyring(store), new Keyring(store)]
    await here.load()
    const gone = await here.add(await createKey('ana-ruiz'), 'locked', '')
    const stays = await here.add(await createKey('bo-lee'), 'locked', '')
    const lent = await here.add(await createKey('cy-ng'), '', '')
    await there.load()
    await there.forget(gone.keyid)
    await here.reload()
    expect(here.get()).toEqual({ keys: [stays, lent], active: lent })
  })

  test('says so where the browser keeps nothing', async () => {
    const put = () => Promise.reject(new DOMException('private window'))
    const ring = new Keyring({ ...memoryStore(), put })
    const key = await ring.add(await createKey('ana-ruiz'), 'locked', '')
    expect(key.kept).toBe(false)
    expect(ring.get().active).toBe(key)
  })

  test('tells when it changes', async () => {
    const ring = new Keyring(memoryStore())
    let told = 0
    const stop = ring.subscribe(() => told++)
    await ring.load()
    await ring.add(await createKey('ana-ruiz'), '', '')
    stop()
    await ring.add(await createKey('bo-lee'), '', '')
    expect(told).toBe(2)
  })
})

test.each([
  'aaaaaaaaaaaa',
  'abababababab',
  'abcdefghijklm',
  '123456789012',
  'qwertyuiop12',
  'password1234',
  'Passwort2026!',
  'ana-ruiz-2026',
  'tocsintocsin',
  'Welcome12345',
  'short words',
])('a passphrase that is guessed first is refused: %s', (text) =>
  expect(passphraseFault(text, 'ana-ruiz')).not.toBe(''),
)

test.each([
  'four words are good',
  'four words that last',
  passphrase,
  'v9K-2mQ7x-Lr4T',
  '五つの単語が並ぶと良い合言葉',
])('a good passphrase is taken: %s', (text) => expect(passphraseFault(text, 'ana-ruiz')).toBe(''))

test('a root key is not taken in; nor is any, if nobody can tell', {
  timeout: 60_000,
}, async () => {
  const hub = await startHub()
  try {
    const desk = await hub.desk('publisher')
    const root = await hub.key('root')
    const staff = await hub.key('publisher')
    await expect(refuseRoot(desk, root.keyid)).rejects.toThrow(RootKeyError)
    await expect(refuseRoot(desk, staff.keyid)).resolves.toBeUndefined()
    const rotated = { ...desk, trust: () => Promise.resolve(''), keyset: () => desk.keyset() }
    await expect(refuseRoot(rotated, staff.keyid)).rejects.toThrow()
  } finally {
    await hub.stop()
  }
})

test('the test of a key is due after a month', () => {
  const now = new Date('2026-11-22T10:00:00Z')
  expect(proofDue('', now)).toBe(true)
  expect(proofDue('2026-10-20T10:00:00Z', now)).toBe(true)
  expect(proofDue('2026-11-01T10:00:00Z', now)).toBe(false)
})
