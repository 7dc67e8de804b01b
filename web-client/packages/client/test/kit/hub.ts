// The real hub, in dev mode, on ports of its own.

import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const binary = resolve(import.meta.dirname, '../../../../../bin/tocsin')
const run = promisify(execFile)

const freePort = () =>
  new Promise<number>((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => done(port))
    })
  })

export type Hub = Awaited<ReturnType<typeof startHub>>

export async function startHub() {
  const data = mkdtempSync(join(tmpdir(), 'tocsin-client-'))
  const [edge, desk, admin] = [await freePort(), await freePort(), await freePort()]
  const at = (port: number) => `127.0.0.1:${port}`
  const open = () =>
    new Promise<() => Promise<void>>((done, fail) => {
      const args = ['serve', '--dev', '--data', data, '--drain', '0s']
      const addresses = [
        '--listen',
        at(edge),
        '--desk-listen',
        at(desk),
        '--admin-listen',
        at(admin),
      ]
      const hub = spawn(binary, [...args, ...addresses], { stdio: ['ignore', 'pipe', 'pipe'] })
      const ended = new Promise<void>((gone) => hub.on('exit', () => gone()))
      let log = ''
      const read = (text: Buffer) => {
        log += text
        if (log.includes('serving the log'))
          done(() => {
            hub.kill('SIGKILL')
            return ended
          })
      }
      hub.stdout.on('data', read)
      hub.stderr.on('data', read)
      hub.on('error', fail)
      ended.then(() => fail(new Error(log)))
    })
  let kill = await open()
  const tocsin = async (...args: string[]) =>
    (await run(binary, [...args, '--desk', `http://${at(desk)}`])).stdout
  const key = (name: string) => ['--key', join(data, 'dev', `${name}.key`)]

  return {
    url: `http://${at(edge)}`,
    desk: `http://${at(desk)}`,
    /** Of `publisher` or `approver`. */
    keyFile: (name: string) => join(data, 'dev', `${name}.key`),
    roots: readFileSync(join(data, 'dev', 'trust.pem'), 'utf8'),
    kill: () => kill(),
    async restart() {
      await kill()
      kill = await open()
    },
    async stop() {
      await kill()
      rmSync(data, { recursive: true })
    },
    /** A token of the demo issuer. */
    token: async (query: string) =>
      (await (await fetch(`http://${at(edge)}/dev/token?${query}`)).text()).trim(),
    /** Publishes with both keys; gives the identifier. `change` is of the document. */
    async publish(headline: string, change: object = {}, ...flags: string[]) {
      const shape = ['--headline', headline, '--expires', '2h', '--print']
      const document = JSON.parse(await tocsin('publish', ...shape))
      const file = join(data, 'notice.json')
      writeFileSync(file, JSON.stringify({ ...document, ...change }))
      const answer = await tocsin('publish', file, ...flags, '--json', ...key('publisher'))
      const { identifier } = JSON.parse(answer)
      await tocsin('approve', identifier, '--yes', '--data', data, ...key('approver'))
      return identifier as string
    },
    cancel: (id: string, note: string) =>
      tocsin('cancel', id, '--yes', '--note', note, ...key('publisher')),
    /** How many acknowledgements of that state the hub has counted. */
    async acks(state: string) {
      const metrics = await (await fetch(`http://${at(admin)}/metrics`)).text()
      return Number(metrics.match(new RegExp(`acks_total\\{state="${state}"\\} (\\d+)`))?.[1] ?? 0)
    },
  }
}
