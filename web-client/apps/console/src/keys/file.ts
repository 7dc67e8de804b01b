import { fromBase64, toBase64 } from '@tocsin/client/verify'
import * as z from 'zod/mini'
import { type OpenKey, openKey, ownerForm } from './key.js'

// OWASP's figure for PBKDF2 with SHA-256 (2023). WebCrypto knows no memory-hard function.
const iterations = 600_000

const backupForm = z.object({
  tocsinKeyBackup: z.literal(1),
  owner: z.string().check(z.regex(ownerForm)),
  keyid: z.string(),
  kdf: z.object({
    name: z.literal('PBKDF2-SHA256'),
    iterations: z.int().check(z.minimum(100_000), z.maximum(10_000_000)),
    salt: z.base64(),
  }),
  cipher: z.object({ name: z.literal('AES-256-GCM'), iv: z.base64() }),
  data: z.base64(),
})

/** Why a key file can't be read; the message says what to do, and never quotes the file. */
export class KeyFileError extends Error {
  constructor(
    readonly reason: 'passphrase-needed' | 'passphrase-wrong' | 'not-a-key',
    message: string,
  ) {
    super(message)
  }
}

/** What a chosen file is, before a passphrase is asked for. */
export type KeyFile =
  | { readonly kind: 'plain'; readonly owner: string; readonly pkcs8: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'sealed'; readonly owner: string; readonly backup: z.infer<typeof backupForm> }

const notAKey = new KeyFileError(
  'not-a-key',
  'This is not a key. Choose the backup file that this console wrote, or the file that “tocsin key new” wrote (its name ends in .key).',
)

/** Reads what `tocsin key new` writes (one PEM block with an Owner), or a backup of `writeBackup`. */
export function readKeyFile(text: string): KeyFile {
  const pem =
    /^-----BEGIN PRIVATE KEY-----\r?\nOwner: ([a-z0-9-]{1,64})\r?\n\r?\n([A-Za-z0-9+/=\r\n]+)-----END PRIVATE KEY-----\s*$/.exec(
      text,
    )
  if (pem?.[1] && pem[2]) {
    try {
      return { kind: 'plain', owner: pem[1], pkcs8: fromBase64(pem[2].replace(/\s/g, '')) }
    } catch {
      throw notAKey
    }
  }
  if (text.includes('BEGIN PUBLIC KEY')) {
    throw new KeyFileError(
      'not-a-key',
      'This is the public half of a key, which others may see. Choose the file with the secret: its name ends in .key.',
    )
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw notAKey
  }
  const backup = backupForm.safeParse(json)
  if (!backup.success) throw notAKey
  return { kind: 'sealed', owner: backup.data.owner, backup: backup.data }
}

/** Opens a key file; a sealed one needs its passphrase. */
export async function openKeyFile(file: KeyFile, passphrase = ''): Promise<OpenKey> {
  if (file.kind === 'plain') {
    return openKey(file.owner, file.pkcs8).catch(() => {
      throw notAKey
    })
  }
  if (!passphrase) {
    throw new KeyFileError('passphrase-needed', 'This backup is locked. Enter its passphrase.')
  }
  const { kdf, cipher, data, owner, keyid } = file.backup
  const secret = await derive(passphrase, fromBase64(kdf.salt), kdf.iterations)
  const opened = await crypto.subtle
    .decrypt(
      { name: 'AES-GCM', iv: fromBase64(cipher.iv), additionalData: bound(owner, keyid) },
      secret,
      fromBase64(data),
    )
    .catch(() => {
      throw new KeyFileError(
        'passphrase-wrong',
        'The passphrase does not fit this backup. Mind capitals and spaces.',
      )
    })
  const key = await openKey(owner, new Uint8Array(opened))
  if (key.keyid !== keyid) throw notAKey
  return key
}

/** Writes the encrypted backup file of a key. */
export async function writeBackup(key: OpenKey, passphrase: string): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16))
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const secret = await derive(passphrase, salt, iterations)
  const data = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv, additionalData: bound(key.owner, key.keyid) },
    secret,
    key.pkcs8,
  )
  const backup: z.infer<typeof backupForm> = {
    tocsinKeyBackup: 1,
    owner: key.owner,
    keyid: key.keyid,
    kdf: { name: 'PBKDF2-SHA256', iterations, salt: toBase64(salt) },
    cipher: { name: 'AES-256-GCM', iv: toBase64(iv) },
    data: toBase64(new Uint8Array(data)),
  }
  return `${JSON.stringify(backup, null, 2)}\n`
}

/** What else the cipher vouches for: that nobody wrote another owner into the file. */
function bound(owner: string, keyid: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`tocsin key backup v1\n${owner}\n${keyid}`)
}

async function derive(
  passphrase: string,
  salt: Uint8Array<ArrayBuffer>,
  rounds: number,
): Promise<CryptoKey> {
  // NFC, so that an accent typed on another keyboard is the same passphrase.
  const typed = new TextEncoder().encode(passphrase.normalize('NFC'))
  const base = await crypto.subtle.importKey('raw', typed, 'PBKDF2', false, ['deriveKey'])
  return crypto.subtle.deriveKey(
    { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds },
    base,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  )
}
