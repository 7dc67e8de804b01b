// Somebody between a page and the edge, who may change what the node says.

import { createServer, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

/** Given what the node says, what the page is told instead. */
export type Tamper = (frames: readonly string[]) => readonly string[]

export interface Proxy {
  readonly url: string
  /**
   * From the next connection on. It is given the whole replay at once, `welcome` to
   * `synced`, and afterwards frame by frame.
   */
  tamper(how: Tamper): void
  /** Swallows everything, closes nothing: a network that died without a word. */
  freeze(): void
  /** What was frozen is gone; new connections work. */
  thaw(): void
  /** As `freeze`, of the connections that there are; new ones work, and these never close. */
  forsake(): void
  close(): Promise<void>
}

/** Told as a frame, it ends the connection. */
export const cut = 'cut'

/** Serves on loopback what the edge serves; connections go to `node`, if it is another. */
export async function between(edge: string, node: string = edge): Promise<Proxy> {
  let tamper: Tamper = (frames) => frames
  let frozen = false
  let forsaken = 0
  const sockets = new Set<Socket>()
  const server = createServer((asked, answer) => {
    const on = request(edge + asked.url, { method: asked.method, headers: asked.headers })
    on.on('response', (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers)
      got.pipe(answer)
    })
    on.on('error', () => answer.destroy())
    asked.pipe(on)
  })
  server.on('upgrade', (asked: IncomingMessage, page: Socket, first: Buffer) => {
    const to = new URL(node)
    const born = forsaken
    const isDead = () => frozen || born < forsaken
    const far = connect(Number(to.port), to.hostname, () => {
      far.write(headOf(asked))
      far.write(first)
    })
    for (const [socket, other] of [
      [page, far],
      [far, page],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        if (!isDead()) other.destroy()
      })
    }
    page.on('data', (data) => !isDead() && far.write(data))
    const read = reader(tamper)
    far.on('data', (data) => {
      if (isDead()) return
      for (const bytes of read(data)) bytes === cut ? page.destroy() : page.write(bytes)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tamper: (how) => {
      tamper = how
    },
    freeze: () => {
      frozen = true
    },
    thaw: () => {
      for (const socket of sockets) socket.destroy()
      frozen = false
    },
    forsake: () => {
      forsaken++
    },
    close: () =>
      new Promise((done) => {
        for (const socket of sockets) socket.destroy()
        server.closeAllConnections()
        server.close(() => done())
      }),
  }
}

/** The handshake as it was, but for compression: then frames can be read. */
function headOf(asked: IncomingMessage): string {
  const lines = [`${asked.method} ${asked.url} HTTP/1.1`]
  for (let i = 0; i < asked.rawHeaders.length; i += 2) {
    const name = asked.rawHeaders[i] ?? ''
    if (!/^sec-websocket-extensions$/i.test(name)) lines.push(`${name}: ${asked.rawHeaders[i + 1]}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** Turns bytes of the node into bytes for the page, text frames through `tamper`. */
function reader(tamper: Tamper): (data: Buffer) => (Buffer | typeof cut)[] {
  let buffer = Buffer.alloc(0)
  let handshaken = false
  let replay: string[] | undefined = []
  return (data) => {
    const out: (Buffer | typeof cut)[] = []
    const say = (frames: readonly string[]) => {
      for (const text of tamper(frames)) out.push(text === cut ? cut : frame(0x81, text))
    }
    buffer = Buffer.concat([buffer, data])
    if (!handshaken) {
      const end = buffer.indexOf('\r\n\r\n') + 4
      if (end < 4) return out
      handshaken = true
      out.push(buffer.subarray(0, end))
      buffer = buffer.subarray(end)
    }
    for (let next = take(buffer); next; next = take(buffer)) {
      buffer = buffer.subarray(next.length)
      if (next.first !== 0x81) {
        out.push(frame(next.first, next.payload))
        continue
      }
      const text = next.payload.toString()
      if (!replay) {
        say([text])
        continue
      }
      replay.push(text)
      if (JSON.parse(text).type !== 'synced') continue
      say(replay)
      replay = undefined
    }
    return out
  }
}

// What servers send is never masked (RFC 6455, section 5.1).
function take(data: Buffer) {
  const short = data[1]
  if (short === undefined) return undefined
  const head = short < 126 ? 2 : short === 126 ? 4 : 10
  if (data.length < head) return undefined
  const size =
    head === 2 ? short : head === 4 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2))
  const length = head + size
  if (data.length < length) return undefined
  return { first: data[0] ?? 0, payload: data.subarray(head, length), length }
}

function frame(first: number, content: string | Buffer): Buffer {
  const payload = Buffer.from(content)
  const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10)
  head[0] = first
  head[1] = payload.length < 126 ? payload.length : payload.length < 65_536 ? 126 : 127
  if (head.length === 4) head.writeUInt16BE(payload.length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([head, payload])
}
