// The real hub in dev mode, on ports of its own, and desks to call it with.

import { spawn } from 'node:child_process'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Desk, type DeskOptions } from '../../src/desk/index.js'
import { openKey, type ReadyKey, sealKey } from '../../src/keys/key.js'
import { signPayload } from '../../src/keys/sign.js'

const binary = resolve(import.meta.dirname, '../../../../../bin/tocsin')

const freePort = () =>
  new Promise<number>((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => done(port))
    })
  })

export type Hub = Awaited<ReturnType<typeof startHub>>

export async function startHub() {
  const data = mkdtempSync(join(tmpdir(), 'tocsin-console-'))
  const ports = [await freePort(), await freePort(), await freePort()] as const
  const [edge, desk, admin] = ports.map((port) => `127.0.0.1:${port}`) as [string, string, string]
  const addresses = ['--listen', edge, '--desk-listen', desk, '--admin-listen', admin]
  const args = ['serve', '--dev', '--data', data, '--drain', '0s', ...addresses]
  const hub = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<void>((gone) => hub.on('exit', () => gone()))
  await new Promise<void>((up, fail) => {
    let log = ''
    const read = (text: Buffer) => {
      log += text
      if (log.includes('serving the log')) up()
    }
    hub.stdout.on('data', read)
    hub.stderr.on('data', read)
    hub.on('error', fail)
    void ended.then(() => fail(new Error(log)))
  })
  const origin = `http://${desk}`
  return {
    origin,
    data,
    edge: `http://${edge}`,
    key: (name: 'publisher' | 'approver' | 'root') => staffKey(join(data, 'dev', `${name}.key`)),
    /** A desk as that person's browser has it. */
    async desk(name: 'publisher' | 'approver', options: DeskOptions = {}) {
      const key = await staffKey(join(data, 'dev', `${name}.key`))
      const made = new Desk({ origin, ...options })
      made.setKey((type, payload) => signPayload(key, type, payload))
      return made
    },
    async stop() {
      hub.kill('SIGKILL')
      await ended
      rmSync(data, { recursive: true })
    },
  }
}

/** Reads a key file of `tocsin key new`. */
export async function staffKey(file: string): Promise<ReadyKey> {
  const pem = readFileSync(file, 'utf8')
  const owner = /^Owner: (.*)$/m.exec(pem)?.[1] ?? ''
  const bare = pem.replace(/^Owner: .*\n\n/m, '').slice(pem.indexOf('-----BEGIN'))
  const pkcs8 = createPrivateKey(bare).export({ type: 'pkcs8', format: 'der' })
  return sealKey(await openKey(owner, new Uint8Array(pkcs8)), '', '')
}

/** The raw public key of a PEM, base64. */
export function rawPublicKey(pem: string): string {
  const { x } = createPublicKey(pem).export({ format: 'jwk' })
  return Buffer.from(x ?? '', 'base64url').toString('base64')
}
